"""What a picture is fit for, line by line: each a measured value, a level, advice and what would mend it."""
