// The answer to the LMS posts itself; the button is for browsers without scripts.
"use strict";
const answer = document.getElementById("answer");
HTMLFormElement.prototype.submit.call(answer);
