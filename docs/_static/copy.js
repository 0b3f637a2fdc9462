/* A button that copies a block of code: of a Python session its input alone, so that it can be pasted into any Python prompt. */

/* Without prompts and output; without empty lines inside a block, which would end it, and with one after it, which does. */
function input(session) {
  const lines = [];
  let open = false;
  for (const line of session.split("\n")) {
    if (line.startsWith(">>> ")) {
      if (open) lines.push("");
      lines.push(line.slice(4));
      open = false;
    } else if (line.startsWith("... ") && line.trim() !== "...") {
      lines.push(line.slice(4));
      open = true;
    }
  }
  return lines.join("\n") + (open ? "\n\n" : "\n");
}

function copied(text) {
  if (/^>>> /m.test(text)) return input(text);
  if (/^\$ /m.test(text)) return text.split("\n").filter((line) => line.startsWith("$ ")).map((line) => line.slice(2)).join("\n") + "\n";
  return text;
}

document.addEventListener("DOMContentLoaded", () => {
  for (const block of document.querySelectorAll("div.highlight")) {
    const code = block.querySelector("pre");
    if (!code || block.closest(".highlight-text, .cell_output")) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.setAttribute("aria-label", "Copy this code");
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(copied(code.textContent));
        button.textContent = "Copied";
      } catch {
        button.textContent = "This browser copies nothing here";
      }
      setTimeout(() => (button.textContent = "Copy"), 2000);
    });
    block.append(button);
  }
});
