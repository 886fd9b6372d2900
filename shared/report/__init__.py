"""What people read: tables, READMEs, figures, pages."""
