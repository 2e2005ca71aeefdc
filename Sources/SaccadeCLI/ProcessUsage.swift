import Foundation
import Glibc

/// What this process has used of the machine.
struct ProcessUsage {
    /// Seconds of all cores, in the program and in the system on its behalf.
    var processor: Double
    /// The most memory that was ever resident, in bytes (`VmHWM`); `nil` where the system does not tell.
    var peakMemory: Int?

    static var now: ProcessUsage {
        var usage = rusage()
        getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        let kilobytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
        return ProcessUsage(
            processor: seconds(usage.ru_utime) + seconds(usage.ru_stime), peakMemory: kilobytes.map { $0 << 10 })
    }

    /// Seconds since the process was started, to a hundredth; `nil` where the system does not tell.
    static var age: Double? {
        // The 22nd field, counted from behind the program's name, which is in parentheses and may hold anything.
        guard let line = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
            let name = line.lastIndex(of: ")"),
            let start = line[name...].split(separator: " ").dropFirst(20).first.flatMap({ Double($0) })
        else { return nil }
        var now = timespec()
        clock_gettime(CLOCK_BOOTTIME, &now)
        return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9 - start / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// What was used since; the peak is that of the whole life.
    func since(_ earlier: ProcessUsage) -> ProcessUsage {
        ProcessUsage(processor: processor - earlier.processor, peakMemory: peakMemory)
    }
}
