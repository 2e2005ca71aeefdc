public import ArgumentParser
public import Saccade

extension DetectionMode: ExpressibleByArgument {}
