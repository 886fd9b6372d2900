// A help where scripts are allowed: tables are sorted by their headings, and the project's files become links where the
// page is opened from the project's folder.

"use strict";

const NUMBER = /^[−+-]?[\d,.]+/;

function value(row, column) {
  const text = row.cells[column]?.innerText.trim() ?? "";
  const number = NUMBER.exec(text)?.[0].replaceAll(",", "").replace("−", "-");
  return number === undefined ? text : Number(number);
}

function compare(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1; // numbers before words
  return a.localeCompare(b);
}

for (const table of document.querySelectorAll("table.sortable")) {
  table.querySelectorAll("thead th").forEach((head, column) => {
    const button = document.createElement("button");
    button.append(...head.childNodes);
    button.title = "Sort by this column";
    head.append(button);
    button.addEventListener("click", () => {
      const up = head.ariaSort !== "ascending";
      table.querySelectorAll("thead th").forEach((other) => { other.ariaSort = null; });
      head.ariaSort = up ? "ascending" : "descending";
      const rows = [...table.tBodies[0].rows];
      rows.sort((a, b) => (up ? 1 : -1) * compare(value(a, column), value(b, column)));
      table.tBodies[0].append(...rows);
    });
  });
}

if (location.protocol === "file:") {
  for (const name of document.querySelectorAll("code.file")) {
    const link = document.createElement("a");
    link.href = `../../${name.dataset.file}`;
    name.replaceWith(link);
    link.append(name);
  }
}
