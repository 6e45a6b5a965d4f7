// Sends the answer of a sign-in on to the app; without scripts the person presses the button.
document.getElementById("answer").submit();
