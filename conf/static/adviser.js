// Looks an answer up in the table that was computed while the site was built; computes nothing itself.
(() => {
  const form = document.querySelector("form.adviser");
  const data = document.getElementById("adviser-table");
  if (!form || !data) return;
  const table = JSON.parse(data.textContent);
  const room = document.querySelector(".adviser-answer");
  const program = document.querySelector(".adviser-program");

  // The least step that is no less than what was asked; -1 beyond the last one.
  const step = (value, steps) => steps.findIndex((known) => known >= value);

  const row = (label, text) => {
    const line = document.createElement("tr");
    const head = document.createElement("th");
    head.scope = "row";
    head.className = "bench-words";
    head.textContent = label;
    const answer = document.createElement("td");
    answer.className = "bench-words";
    answer.textContent = text;
    const source = document.createElement("td");
    source.className = "bench-words";
    if (table.sources[label]) {
      const link = document.createElement("a");
      [link.textContent, link.href] = table.sources[label];
      source.append(link);
    }
    line.append(head, answer, source);
    return line;
  };

  const show = () => {
    const rate = Number(form.elements.rate.value);
    const channels = Number(form.elements.channels.value);
    const asked = rate > 0 && Number.isInteger(channels) && channels > 0;
    const places = [step(rate, table.rates), step(channels, table.channels)];
    const measured = asked && rate >= table.rates[0] && !places.includes(-1);
    let lines = [row("verdict", asked ? table.outside : "give a rate above 0 and a whole number of channels")];
    let caption = "";
    let code = "";
    if (measured) {
      const sizes = [table.channels.length, table.losses.length, table.latencies];
      places.push(Number(form.elements.loss.value), Number(form.elements.latency.value));
      const index = places.slice(1).reduce((before, place, at) => before * sizes[at] + place, places[0]);
      code = table.programs[table.shown[index]]
        .replaceAll("{rate}", table.rates[places[0]])
        .replaceAll("{channels}", table.channels[places[1]]);
      lines = table.answers[index].map((text, at) => row(table.labels[at], table.texts[text]));
      const count = table.channels[places[1]];
      const stepped = table.rates[places[0]] !== rate || count !== channels;
      const which = `${table.rateTexts[places[0]]}, ${count} channel${count === 1 ? "" : "s"}`;
      caption = `For ${which}${stepped ? ", the next step above your request" : ""}`;
    }
    room.querySelector("caption").textContent = caption;
    room.querySelector("tbody").replaceChildren(...lines);
    program.querySelector("pre").textContent = code;
    program.hidden = !code;
  };

  // The choice is kept after the "#" of the address, so that it can be sent to somebody and found again.
  const FIELDS = ["rate", "channels", "loss", "latency"];

  const keep = () => {
    const chosen = new URLSearchParams(FIELDS.map((name) => [name, form.elements[name].value]));
    history.replaceState(null, "", `#${chosen}`);
  };

  const take = () => {
    const chosen = new URLSearchParams(location.hash.slice(1));
    for (const name of FIELDS) {
      const field = form.elements[name];
      const value = chosen.get(name);
      const known = !field.options || [...field.options].some((option) => option.value === value);
      if (value !== null && known) field.value = value;
    }
    show();
  };

  form.addEventListener("input", () => {
    show();
    keep();
  });
  window.addEventListener("hashchange", take);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = room.hidden = false;
  take();
})();
