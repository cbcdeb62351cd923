"""The sidebar tab: draws what is there and changes nothing."""
