"""What the printed numbers can and cannot mean, and what does not fit together in a paper, in words."""

from __future__ import annotations

from shared.audit.finding import CONTRADICTION, IMPOSSIBLE, NOTE
from shared.audit.published import audit_paper
from shared.paper.schema import Paper
from shared.report.site.html import Html, h, joined, minus, prose
from shared.report.site.marks import NBSP
from shared.report.site.page import Part

AUDIT = "audit"  # the name of the part, and its address within the page
SEVERITIES = {
    IMPOSSIBLE: "no experiment gives this number",
    CONTRADICTION: "it does not go with something else that the document says",
    NOTE: "worth knowing; nothing is wrong",
}
SIGNS = {IMPOSSIBLE: "✕", CONTRADICTION: "⇄", NOTE: "·"}


def audit_part(paper: Paper) -> Part:
    """The findings of the audit, the worst first, and what it found sound."""
    audit = audit_paper(paper)
    there = [severity for severity in SEVERITIES if any(f.severity == severity for f in audit.findings)]
    meaning = "; ".join(f"{severity}: {SEVERITIES[severity]}" for severity in there)
    intro = "Asked of the printed numbers alone, by arithmetic, without a run."
    body = [h("p", f"{intro} {meaning[:1].upper()}{meaning[1:]}." if meaning else f"{intro} Nothing was found.")]
    for finding in audit.findings:
        sign = h("span", SIGNS[finding.severity], aria_hidden="true")
        head = h("span", sign, NBSP, finding.severity, class_=f"badge {finding.severity}")
        printed = h("p", "Printed: ", h("b", finding.printed)) if finding.printed else None
        title = h("p", head, " ", h("b", finding.kind), f" · {finding.place}")
        follows = h("p", h("span", "→ ", aria_hidden="true"), prose(finding.follows), class_="follows")
        body.append(h("li", title, printed, h("p", minus(finding.arithmetic)), follows))
    first, *found = body
    sound = (
        [h("p", "Checked and sound:"), h("ul", [h("li", prose(text)) for text in audit.sound])] if audit.sound else None
    )
    found = h("ol", found, class_="audit") if found else None
    return Part(
        "What the published numbers can and cannot mean", joined([first, found, sound]), short=AUDIT.capitalize()
    )


def findings_part(paper: Paper) -> Part:
    """What a reader of the paper found in it."""
    items = [
        h("li", h("b", prose(finding.place)), f" ({finding.kind}). ", prose(finding.text)) for finding in paper.findings
    ]
    body: Html = h("ul", items) if items else h("p", "Nothing.")
    return Part("What does not fit together in the paper", body, short="Findings")
