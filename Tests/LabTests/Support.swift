import Foundation
import Testing

@testable import Lab
