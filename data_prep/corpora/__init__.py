"""One module or package a corpus, or an object of a module that has several of a kind."""
