// T says an English text in the page's language.
const said = JSON.parse(document.getElementById("words")?.textContent || "{}");
const T = (text) => said[text] || text;

// Copy buttons: shown only where a script can copy.
for (const button of document.querySelectorAll("button[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  if (!navigator.clipboard || !field) continue;
  const label = button.textContent;
  button.hidden = false;
  const spare = field.classList.contains("until-script"); // the button does what the field is for
  if (spare) field.hidden = true;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(field.value);
      button.textContent = T("Copied");
    } catch {
      field.hidden = false;
      field.select();
      button.textContent = T("Press Ctrl+C");
    }
    setTimeout(() => { button.textContent = label; }, 2000);
  });
}

// A test of a link is sent when its page opens; without a script a button does.
document.querySelector("form.test-launch[data-send]")?.submit();
