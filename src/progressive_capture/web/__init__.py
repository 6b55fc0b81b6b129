"""What is served over HTTP; what a request asks for stands in the other rooms."""
