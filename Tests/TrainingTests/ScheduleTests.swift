import Foundation
import Testing
import Training

@Suite struct ScheduleTests {
    struct Golden: Decodable {
        let rates: [Double]
        let momenta: [Double]?
        let metrics: [Double]?
    }

    static func goldens() throws -> [String: Golden] {
        try JSONDecoder().decode([String: Golden].self, from: golden("schedules"))
    }

    @Test func ratesAreThoseOfPyTorch() throws {
        let goldens = try Self.goldens()
        #expect(goldens.count == 17)
        for (text, golden) in goldens {
            let schedule = try Schedule(text)
            var plateau = schedule.plateau.map { PlateauController($0) }
            #expect(golden.rates.count == 50)
            for (step, wanted) in golden.rates.enumerated() {
                let base = schedule.rate(step: step)
                let rate = plateau?.rate(base) ?? base
                #expect(abs(rate - wanted) <= 1e-8 * abs(wanted) + 1e-12, "\(text) at \(step): \(rate), not \(wanted)")
                if let momenta = golden.momenta {
                    #expect(abs((schedule.momentum(step: step) ?? 0) - momenta[step]) < 1e-8)
                }
                if let metrics = golden.metrics { _ = plateau?.observe(metrics[step]) }
            }
            if plateau != nil { #expect(Set(golden.rates).count > 2, "\(text) never falls") }
        }
    }

    @Test func textsAreReadBack() throws {
        for text in try Self.goldens().keys {
            let schedule = try Schedule(text)
            let again = try Schedule("\(schedule)")
            #expect(schedule == again, "\(text): \(schedule)")
        }
    }

    @Test func theTextOfTheCommandLine() throws {
        let schedule = try Schedule(" cosine( rate=0.01, steps=1000 ,floor=1e-5 ) + warmup(100)")
        #expect(schedule == Schedule(.cosine(rate: 0.01, steps: 1000, floor: 1e-5), warmup: .init(steps: 100)))
        #expect(abs(schedule.rate(step: 0) - 1e-5) < 1e-18 && schedule.rate(step: 100) == 0.01)
        #expect(try Schedule("cosine(steps=5,0.5)") == Schedule(.cosine(rate: 0.5, steps: 5)))
        #expect(try Schedule("constant(1e+1)") == Schedule(.constant(rate: 10)))
        #expect(try Schedule("multistep(1,4:9)") == Schedule(.multiStep(rate: 1, at: [4, 9])))
    }

    @Test(arguments: [
        ("", 1, "expected a name"), ("cosine", 7, "expected ( behind cosine"),
        ("cosin(0.1,10)", 1, "no curve is called"),
        ("cosine(0.1)", 1, "cosine needs steps"), ("cosine(0.1,ten)", 12, "steps is a whole number"),
        ("cosine(0.1,10,0,0)", 17, "too many arguments"), ("cosine(rate=0.1,rate=1,steps=3)", 22, "twice"),
        ("cosine(0.1,10", 14, "expected , or )"), ("cosine(0.1,10)x", 15, "expected + or the end"),
        ("cosine(nan,10)", 8, "rate is a number"), ("cosine(-1,10)", 8, "rate may not be -1"),
        ("cosine(0.1,0)", 12, "at least 1"), ("cosine(0.1,10,flor=1)", 20, "no argument \"flor\""),
        ("constant(1)+constant(1)", 13, "only warmup and plateau"), ("constant(1)+warmup(5)+warmup(5)", 23, "twice"),
        ("multistep(1,at=5:3)", 16, "must rise"), ("multistep(1,at=5::6)", 16, "whole number"),
        ("onecycle(1,10,momentum=0.9)", 24, "two numbers like"),
        ("cyclical(0,1,5,mode=round)", 21, "mode is triangular or"),
        ("constant(0x)", 10, "rate is a number"), ("constant(1e999)", 10, "rate is a number"),
        ("constant()", 1, "needs rate"),
        ("step(1,every=99999999999999999999)", 14, "whole number"), ("constant(1)+", 13, "expected a name"),
        ("constant(rate=)", 15, "expected a value"), ("warmup(5)", 1, "no curve is called"),
    ]) func errorsSayWhere(text: String, column: Int, reason: String) {
        let error = #expect(throws: ScheduleTextError.self) { _ = try Schedule(text) }
        #expect(error?.column == column, "\(String(describing: error))")
        #expect(error?.reason.contains(reason) == true, "\(String(describing: error))")
    }

    /// Every beginning of a good text, and every text with a character changed, is read or refused.
    @Test func damagedTextsAreRefusedWithoutATrap() throws {
        let text = "cyclical(0.01,0.1,up=5,down=7,mode=exponential,factor=0.97)+warmup(5,start=0.1)+plateau(0.5,3)"
        for end in 0..<text.count { _ = try? Schedule(String(text.prefix(end))) }
        for index in text.indices {
            for new in "()=,+:e9-é\u{0}" {
                var changed = text
                changed.replaceSubrange(index...index, with: String(new))
                if let schedule = try? Schedule(changed) {
                    for step in [0, 1, 7, 1 << 40] { #expect(schedule.rate(step: step).isFinite) }
                }
            }
        }
    }

    @Test func curvesStayWhereTheyEnd() {
        let curves: [(ScheduleCurve, Double)] = [
            (.cosine(rate: 1, steps: 10, floor: 0.1), 0.1),
            (.polynomial(rate: 1, steps: 10, power: 3, floor: 0.25), 0.25),
            (.oneCycle(maximum: 1, steps: 10), 1.0 / 25 / 1e4), (.multiStep(rate: 1, at: [3], factor: 0.5), 0.5),
        ]
        for (curve, end) in curves {
            for step in [10, 11, 1000, 1 << 50] { #expect(abs(curve.rate(step: step) - end) < 1e-12) }
            #expect(curve.rate(step: -1) == curve.rate(step: 0))
            #expect((curve.length ?? 99) <= 10)
        }
    }

    /// A controller that is saved and given back goes on as the one that was not.
    @Test func thePlateausStateIsAllThatItRemembers() throws {
        let rule = PlateauRule(factor: 0.5, patience: 2, cooldown: 1)
        var whole = PlateauController(rule)
        var numbers = Numbers(seed: 4)
        for _ in 0..<60 {
            let value = Double(abs(numbers.float()))
            let saved = try JSONEncoder().encode(whole.state)
            var resumed = PlateauController(
                rule, state: try JSONDecoder().decode(PlateauController.State.self, from: saved))
            #expect(resumed.observe(value) == whole.observe(value))
            #expect(resumed == whole)
        }
        #expect(whole.state.scale < 0.1)
    }

    @Test func noNumberIsNoImprovement() {
        var plateau = PlateauController(PlateauRule(patience: 1))
        #expect(!plateau.observe(.nan) && plateau.observe(.nan))
        #expect(plateau.state.best == nil)
    }
}
