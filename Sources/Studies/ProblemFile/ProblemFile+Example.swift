extension ProblemFile {
    /// A problem file with every field, its default or a typical value, and a comment on each.
    ///
    /// `disco solve --example` prints it. It parses as it is.
    public static let example = """
        # A problem file for `disco solve`. Times are in seconds, lengths in tokens, energy in joules.
        # Fields with a leading `#` are optional; they show their default, or a typical value where there is none.
        version: 1

        workload:                           # whose prompts we optimize for
          trace:                            # a path counts from this file's folder
            path: prompts.csv
            format: canonical               # left out: detected
            # columns:                      # maps a log of your own: expressions over its columns
            #   prompt_tokens: n_in
            #   output_tokens: n_out
            # where: "region = 'iad'"       # keeps only these rows
            # max_rejected: 0.01            # the run stops if a larger share of rows cannot be read
          # buckets:
          #   by: quantile                  # or optimal, exact, edges (with `edges: [1, 64, 256]`)
          #   count: 32

        endpoints:
          server:                           # the hosted model
            trace: {path: server.csv, format: llmperf}
            # condition_on: none            # or prompt_tokens, or {prompt_tokens: [1, 64, 256]}
            tpot: 0.021                     # seconds per output token, where the trace has none
            price:
              prefill: 0.14
              decode: 0.28
              per_tokens: 1000000           # the prices are for so many tokens; default 1
              currency: USD
              source: the provider's price list
              date: 2025-01-15
          device:                           # the model on the user's machine
            ttft:                           # or `trace: ...`, to which a line is fitted
              intercept: 0.148
              per_token: 0.00668
              # per_token_squared: 0
            # residuals: empirical          # with a trace: keep the scatter around the line; or none
            tpot: 0.084
            energy: {prefill: 0.025, decode: 0.155}   # joules per token

        exchange:
          per_joule: 0.00000005             # money per joule of device energy

        reader:                             # hand responses over to the cheaper endpoint where this reader does not notice
          tokens_per_second: 4.8
        # migration: {epsilon: 0.01}        # share of hand-overs that may be late; or none

        # metrics:                          # what qoe.mean and goodput.smooth are measured against
        #   ttft_target: 1                  # when Andes' QoE expects the first token
        #   deadline: {tokens_per_second: 5, offset: 0}   # token j is due at offset + j / tokens_per_second
        #   alpha: 2.5                      # what a token that an idle reader could have read weighs in smooth goodput

        objective: ttft.mean                # what is minimized; qoe.mean and goodput.smooth are maximized

        limits:
          device.prefill_share: {at_most: 0.2}

        # deterministic: false              # or true: one action per bucket, no mixtures
        # confidence: 0.95                  # tighten prefill shares until this share of future windows keeps them
        # budget_window: 24h                # how long such a window is; also 7d, or a number of hours
        # timeout: 60                       # no first token by then is a failure
        # split: {tuning_share: 0.7}        # or none: judge on the data the policy was tuned on
        # disco: {alpha: 0.05}              # the tail that the paper's DiSCo-D protects first
        # table:
        #   as_of: 2025-01-31T08:00:00Z     # default: the newest timestamp of the traces
        #   valid_days: 30                  # default: no end
        #   revision: 1
        #   rollout: {percentage: 10, salt: a}  # default: all requests take the table, else these
        #   max_extra_load: 0.3             # default: no bound on how many start a second endpoint

        """
}
