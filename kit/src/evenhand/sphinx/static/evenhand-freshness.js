// Reports in the reader's browser what no build can know: that the numbers are old, or that the site now has
// another run.  Without it the foot of each page shows the time of the measurement.
(() => {
  const banner = document.getElementById("freshness");
  if (!banner) return;
  const { run, measured, written, days, measuredWith, madeFrom, shipped } = banner.dataset;

  const say = (reason, text) => {
    const line = document.createElement("p");
    line.dataset.reason = reason;
    line.textContent = text;
    banner.append(line);
    banner.hidden = false;
  };

  const age = Math.floor((Date.now() - Date.parse(measured)) / 86_400_000);
  if (age > Number(days)) {
    say("old", `These numbers were measured ${age} days ago, on ${written}. Newer versions of what is compared may differ.`);
  }
  if (measuredWith !== madeFrom) {
    say("build", `These numbers were measured with commit ${measuredWith}, and the pages are made from ${madeFrom}.`);
  }
  if (!location.protocol.startsWith("http")) return; // a page opened as a file may not fetch
  fetch(shipped, { cache: "no-cache" })
    .then((answer) => (answer.ok ? answer.json() : { run }))
    .then((now) => {
      if (now.run !== run) {
        say("build", `This page shows the run of ${written}; the site now has one of ${now.written}. Load the page again.`);
      }
    })
    .catch(() => {}); // without a connection nothing newer can be known
})();
