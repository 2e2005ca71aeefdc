print("saccade")
