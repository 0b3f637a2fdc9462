"use strict";
// A lesson's page: checks what a reader predicts, says which idea is behind a wrong prediction, and opens the answer.
{
  const sections = [...document.querySelectorAll("section.question")];
  const score = document.querySelector(".score"), tried = new Map();

  // Each of these says what is wrong with a prediction: "" if nothing is, null if there is none yet.
  const judges = {
    choice(form, data) {
      const inputs = [...form.querySelectorAll("input")], several = inputs[0].type === "checkbox";
      const chosen = inputs.flatMap((input, place) => input.checked ? [place] : []);
      if (!several && !chosen.length) return null;
      const wrong = inputs.findIndex((input, place) => input.checked !== data.right.includes(place));
      if (wrong < 0) return "";
      if (!several) return data.hints[chosen[0]];
      const words = inputs[wrong].closest("label").textContent.trim();
      return `Look again at “${words}”. ${data.hints[wrong]}`;
    },
    number(form, data) {
      const text = form.querySelector("input").value.trim().replace(/,(?=\d{3}\b)/g, "").replace(",", ".");
      const given = Number(text);
      if (!text || !Number.isFinite(given)) return null;
      const near = number => Math.abs(given - number) <= data.within;
      if (near(data.right)) return "";
      const named = data.hints.find(([number]) => near(number));
      return named ? named[1] : given < data.right ? data.low : data.high;
    },
    matching(form, data) {
      const selects = [...form.querySelectorAll("select")];
      if (selects.some(select => select.value === "")) return null;
      const wrong = selects.findIndex((select, place) => Number(select.value) !== data.right[place]);
      return wrong < 0 ? "" : `Look again at “${selects[wrong].closest("label").querySelector("span").textContent.trim()}”. ${data.hints[wrong]}`;
    },
    way(form, data) {
      const text = form.querySelector("input").value.trim();
      const found = /#?(\d+(?:\.\d+)*)$/.exec(text);
      if (!found) return null;
      let state = 0;
      for (const place of found[1].split(".").map(Number)) {
        state = data.targets[state][place] ?? -1;
        if (state < 0) return "This way leads nowhere on that page: was it made on another one?";
      }
      const lacks = data.wanted.find(([states]) => !states.includes(state));
      return lacks ? lacks[1] : "";
    },
  };
  const unmade = {
    choice: "Choose one first.", number: "Write a number first.", matching: "Choose one for each first.",
    way: "Take a step on that page first, or paste an address that ends in its steps, such as #0.1.",
  };

  function praise(form, data) {
    if (data.kind !== "way") return "Right.";
    const steps = form.querySelector("input").value.trim().split("#").at(-1).split(".").length;
    return steps > data.fewest ? `There, in ${steps} steps. It can be done in ${data.fewest}: try again, or open the answer.` : `There, in ${steps} steps. Nobody needs fewer.`;
  }

  function showScore() {
    const first = [...tried.values()].filter(one => one.first).length, made = tried.size;
    score.textContent = made ? `${made} of ${score.dataset.count} predictions made, ${first} right at the first try.` : "";
  }

  for (const section of sections) {
    const data = JSON.parse(section.querySelector("script[type='application/json']").textContent);
    const form = section.querySelector("form"), verdict = section.querySelector(".verdict"), solution = section.querySelector("details.solution");
    section.querySelector(".act").hidden = false;
    function check() {
      const wrong = judges[data.kind](form, data), right = wrong === "";
      verdict.className = `verdict ${wrong === null ? "" : right ? "is-right" : "is-wrong"}`;
      if (wrong === null) { verdict.textContent = unmade[data.kind]; return; }
      if (!tried.has(section.id)) tried.set(section.id, { first: right && !solution.open });
      const words = right ? praise(form, data) : `Not so. ${wrong}`;
      verdict.textContent = `${right ? "✓" : "✗"} ${words}`;
      if (right && !words.includes("try again")) solution.open = true;
      if (score) showScore();
    }
    form.addEventListener("submit", event => { event.preventDefault(); check(); });
    if (data.kind === "way") {  // the explorer's page in this question tells which way its reader takes
      const frame = section.querySelector("iframe"), box = frame.closest("details"), input = form.querySelector("input");
      box.hidden = false;
      box.addEventListener("toggle", () => { if (box.open && !frame.src) frame.src = frame.dataset.src; });
      window.addEventListener("message", event => {
        const way = event.data?.hptsimWay;
        if (event.source === frame.contentWindow && Array.isArray(way)) input.value = way.length ? `#${way.join(".")}` : "";
      });
    }
  }
}
