// Copying what a learner is to tell: in a frame of another site only the old way
// of copying is allowed.
for (const button of document.querySelectorAll("button[data-copies]")) {
  const text = document.getElementById(button.dataset.copies);
  if (!text) continue;
  const label = button.textContent;
  button.hidden = false;
  button.addEventListener("click", () => {
    getSelection().selectAllChildren(text);
    button.textContent = document.execCommand("copy") ? button.dataset.copied : button.dataset.press;
    setTimeout(() => { button.textContent = label; }, 2000);
  });
}
