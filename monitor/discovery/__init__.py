"""What does a sweep of the network mean for the site's file?

comparison    what is new, has moved, was swapped, is gone
entry         how a device that was found is written
outline       where the devices stand in the file's text
edit          the text with the changes in it, comments and layout as they were
proposal      all of that together, checked as the file would be
writing       the file replaced, its predecessor kept
words         reasons and changes in both languages
"""
