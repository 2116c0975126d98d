// Tables that scroll can be reached by the keyboard.
// Long tables with numbers in them can be sorted by each column.  The numbers carry their value in one unit (data-sort), so
// that 1.42 ms comes after 186 ns; without this script a table keeps its original order.
(() => {
  // The Tab key stops at a table or plot only while it is too wide, so that the arrow keys can scroll it.
  const rooms = [...document.querySelectorAll(".bench-room:not([aria-live])")];

  const name = (room) =>
    (room.querySelector("caption") ?? document.createElement("p")).textContent.trim() ||
    room.querySelector("[aria-label]")?.getAttribute("aria-label") ||
    "Table";

  const stop = () => {
    for (const room of rooms) {
      const scrolls = room.scrollWidth > room.clientWidth + 1;
      room.toggleAttribute("tabindex", scrolls);
      if (scrolls) {
        room.tabIndex = 0;
        room.setAttribute("role", "group");  // not a landmark: two tables may have one name
        room.setAttribute("aria-label", name(room));
      } else {
        room.removeAttribute("role");
        room.removeAttribute("aria-label");
      }
    }
  };

  // Lists next to the page can change the width after the window did, so the rooms are observed and not the window.
  stop();
  const observer = new ResizeObserver(stop);
  for (const room of rooms) {
    observer.observe(room);
    if (room.firstElementChild) observer.observe(room.firstElementChild);
  }

  const LONG = 7;

  const key = (cell) => {
    const number = cell.dataset.sort;
    return number === undefined ? null : Number(number);
  };

  const compare = (a, b, down) => {
    const [x, y] = [key(a), key(b)];
    // What has no number goes last, whichever way.
    if (x === null && y === null) return (down ? -1 : 1) * a.textContent.localeCompare(b.textContent, undefined, { numeric: true });
    if (x === null || y === null) return x === null ? 1 : -1;
    return down ? y - x : x - y;
  };

  const sort = (table, column, header) => {
    const down = header.getAttribute("aria-sort") === "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", down ? "descending" : "ascending");
    const body = table.tBodies[0];
    const rows = [...body.rows].sort((a, b) => compare(a.cells[column], b.cells[column], down));
    // On a phone the first rows are shown, which are others now.
    const first = rows.length - body.querySelectorAll(":scope > .bench-later").length;
    rows.forEach((row, place) => row.classList.toggle("bench-later", place >= first));
    body.append(...rows);
  };

  for (const table of document.querySelectorAll("table.bench-table")) {
    if (!table.tHead || table.tBodies[0].rows.length < LONG || !table.querySelector("td[data-sort]")) continue;
    [...table.tHead.rows[0].cells].forEach((header, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "bench-sort";
      button.append(...header.childNodes);
      if (!button.textContent.trim()) return;
      header.append(button);
      button.addEventListener("click", () => sort(table, column, header));
    });
  }
})();
