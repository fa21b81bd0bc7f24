internal import Costs
internal import Traces

extension ProblemReader {
    private enum Residuals: String, CaseIterable { case empirical, none }

    /// The endpoint that `section` states; nil if its TTFT is missing or wrong.
    func endpoint(_ section: Section) -> Problem.EndpointSpec? {
        let source = ttft(section)
        var spec = Problem.EndpointSpec(ttft: source ?? .formula(intercept: 0, perToken: 0, perTokenSquared: 0))
        readConditions(section, into: &spec)
        spec.usesResiduals = section.choice("residuals", of: Residuals.self) != Residuals.none
        spec.tpot = section.number("tpot", .positive("seconds per token"))
        spec.price = section.section("price").flatMap(price)
        if let energy = section.section("energy") {
            let prefill = energy.requiredNumber("prefill", .nonNegative("joules per token"))
            let decode = energy.requiredNumber("decode", .nonNegative("joules per token"))
            spec.energy = Problem.Energy(prefill: prefill ?? 0, decode: decode ?? 0)
        }
        guard case .formula? = source else { return source == nil ? nil : spec }
        let advice = "A formula has no rows to take it from: give a `trace`, or remove the field."
        if let field = section["condition_on"], spec.conditioning != .pooled || spec.periods != nil {
            section.refuse(field, wanted: "`none` beside a `ttft` formula", advice: advice)
        }
        if let field = section["residuals"], spec.usesResiduals {
            section.refuse(field, wanted: "`none` beside a `ttft` formula", advice: advice)
        }
        spec.usesResiduals = false
        return spec
    }

    private func ttft(_ section: Section) -> Problem.TTFTSource? {
        guard let field = section["ttft"] else {
            if section["trace"] == nil {
                section.addMissing(
                    "trace", wanted: "either a `trace` or a `ttft` formula",
                    advice: "Add `trace: file.csv` or `ttft: {intercept: ..., per_token: ...}` to `\(section.path)`.")
            }
            return trace(section).map { .trace($0) }
        }
        if section["trace"] != nil {
            section.findings.add(
                field.place, field: joined(section.path, "ttft"), found: "both `trace` and `ttft`",
                wanted: "one of the two",
                advice: "Remove one, for example with --set \(section.path).trace=null")
        }
        guard let formula = section.section("ttft") else { return nil }
        let intercept = formula.requiredNumber("intercept", .nonNegative("seconds"))
        let perToken = formula.number("per_token", .nonNegative("seconds per token")) ?? 0
        let squared = formula.number("per_token_squared", .nonNegative("seconds per squared token")) ?? 0
        if let intercept, intercept + perToken + squared == 0 {
            formula.refuse(
                field, found: "a TTFT of 0 for every prompt", wanted: "a number above 0",
                advice: "Give `intercept` in seconds, `per_token` in seconds per token.")
        }
        return .formula(intercept: intercept ?? 0, perToken: perToken, perTokenSquared: squared)
    }

    /// Reads `condition_on` into `spec`: a word, or a mapping of what the TTFT goes with.
    private func readConditions(_ section: Section, into spec: inout Problem.EndpointSpec) {
        guard let field = section["condition_on"] else { return }
        let isServer = section.path.hasSuffix("server")
        let wanted =
            "`none`, `prompt_tokens`, {prompt_tokens: [1, 64, 256]}"
            + (isServer ? ", `hour_of_day`, {hour_of_day: [0, 8, 18]} or both in one mapping" : "")
        if field.value.isWord("none") { return }
        if field.value.isWord("prompt_tokens") {
            spec.conditioning = .promptTokens(lowerEdges: [])
        } else if field.value.isWord("hour_of_day") {
            guard isServer else {
                section.refuse(
                    field, wanted: wanted,
                    advice: "The device's TTFT is its own, whatever the hour: `hour_of_day` belongs to the server.")
                return
            }
            spec.periods = .chosen
        } else {
            guard case .mapping = field.value.content, let groups = section.section("condition_on") else {
                section.refuse(field, wanted: wanted)
                return
            }
            if field.value.fields?.isEmpty == true {
                groups.addMissing("prompt_tokens", wanted: wanted)
            }
            if let lengths = groups["prompt_tokens"] {
                let isAuto = lengths.value.isWord("auto")
                spec.conditioning = .promptTokens(lowerEdges: isAuto ? [] : groups.lowerEdges("prompt_tokens") ?? [])
            }
            // At the device it is an unknown field, which has been noted.
            if isServer, let hours = groups["hour_of_day"] {
                spec.periods = hours.value.isWord("auto") ? .chosen : .starting(groups.startHours("hour_of_day") ?? [])
            }
        }
    }

    private func price(_ section: Section) -> Problem.Price? {
        let perTokens = section.number("per_tokens", .positive("tokens")) ?? 1
        let prefill = section.requiredNumber("prefill", .nonNegative("money per `per_tokens` tokens"))
        let decode = section.requiredNumber("decode", .nonNegative("money per `per_tokens` tokens"))
        let currency = section.text("currency", wanted: "a currency code of three letters, as `USD`") { text in
            if text.utf8.count == 3, text.utf8.allSatisfy({ (65...90).contains($0) }) { return nil }
            let isLowercase = text.utf8.count == 3 && text.utf8.allSatisfy { (97...122).contains($0) }
            return Section.Refusal(advice: isLowercase ? "Did you mean \(quoted(text.uppercased()))?" : nil)
        }
        let source = section.text("source", wanted: "where the price is from")
        let date = section.text("date", wanted: "a day, as 2025-01-31") {
            CalendarText.isDate($0) ? nil : Section.Refusal()
        }
        guard let prefill, let decode else { return nil }
        let (perPrefilled, perDecoded) = (prefill / perTokens, decode / perTokens)
        if !perPrefilled.isFinite || !perDecoded.isFinite, let field = section["per_tokens"] {
            section.refuse(field, wanted: "a number by which the prices can be divided")
        }
        return Problem.Price(
            prefill: perPrefilled, decode: perDecoded, currency: currency ?? "USD", source: source, date: date)
    }
}
