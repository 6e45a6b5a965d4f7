"""PAGES: the Teams tab, drawn on the server. Who is signed in, what they may see and do, and the pages themselves."""
