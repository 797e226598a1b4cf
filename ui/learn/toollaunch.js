// Posts the signed form at once. Without it the button does.
document.getElementById("launch").submit();
