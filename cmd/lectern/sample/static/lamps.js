// Three lamps that shine on a wall. The page around asks for the answer by
// these functions.
const Lamps = (() => {
  const names = ["red", "green", "blue"];
  const words = {
    "": "dark", red: "red", green: "green", blue: "blue", "red green": "yellow", "red blue": "magenta",
    "green blue": "cyan", "red green blue": "white",
  };
  const box = (name) => document.getElementById(name);
  const lit = () => names.filter((name) => box(name).checked);
  const show = () => {
    const on = lit();
    box("wall").style.background = `rgb(${names.map((name) => (on.includes(name) ? 255 : 0))})`;
    box("words").textContent = `The wall is ${words[on.join(" ")]}.`;
  };
  document.addEventListener("change", show);
  show();
  return {
    getGrade: () => Lamps.getState(),
    getState: () => JSON.stringify(Object.fromEntries(names.map((name) => [name, box(name).checked]))),
    setState(state) {
      const on = JSON.parse(state);
      for (const name of names) box(name).checked = Boolean(on[name]);
      show();
    },
  };
})();
