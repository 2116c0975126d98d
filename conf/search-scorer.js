// The order of search results: pages that answer first, what was decided and changed last.
var Scorer = {
  score: (result) => {
    const [page, title, anchor, , score] = result;
    // A title without a place on its page is what readers search for (conf/search.toml).
    const asked = title.includes(" > ") && !anchor ? 40 : 0;
    const last = page === "changelog" || page.startsWith("contributing/") ? 100 : 0;
    return score + asked - last;
  },
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 5, 1: 0, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};

// The text around a hit is read from the page without its furniture: strips, menus, drawings and downloads.
const FURNITURE =
  "nav, footer, dialog, noscript, svg, .bd-header-article, .bd-sidebar-secondary, .bench-strip, .sphx-glr-footer, .highlight, #freshness";
document.addEventListener("DOMContentLoaded", () => {
  const read = Search.htmlToText;
  Search.htmlToText = (html, anchor) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    page.querySelectorAll(FURNITURE).forEach((element) => element.remove());
    page.querySelectorAll("p, li, dt, dd, th, td, caption, h1, h2, h3").forEach((element) => element.append(" "));
    return read(page.documentElement.outerHTML, anchor).replace(/\s+/g, " ").trim();
  };
});
