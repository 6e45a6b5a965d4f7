"""Reading only: from the record straight to what people look at. One query layer for pages, packs and figures."""
