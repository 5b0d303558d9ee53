package dev.millrace.model.program;

import dev.millrace.model.config.LayerConfig;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.config.RouterConfig;
import java.util.Locale;

/**
 * The feed-forward parts of a program: one dense, one sparse, and the router that leads to the
 * sparse one's experts.
 */
final class ExpertsSource {

  /**
   * {@code r} holds, for each row, from which product on its second, third … likeliest expert is
   * taken: that of its share of the router's scores and of theirs from it on up to the top k's.
   * Without rows, every token gets the top k.
   *
   * <p>How many columns weights have is a matter of all rows, and the order in which libtorch adds
   * them one of their number: so a sum is of the first k, and of as many others as there may be.
   */
  private static final String ROUTES =
      """
        def routes(self: __torch__.Program, logits: Tensor, w: List[Tensor], w0: int, r: Tensor) -> Tuple[Tensor, Tensor, Tensor, Tensor]:
          n = logits.size(0)
          p = $score
          choice = $choice
          $limit
          k = $k
          if r.size(0) > 0:
            k = $most
          top, experts = torch.topk(choice, k, -1)
          weights = $weighs
          if r.size(0) > 0:
            $share
            own, more = torch.split_with_sizes(share, [$k, k - $k], 1)
            left = torch.flip(torch.cumsum(torch.flip(own, [1]), 1), [1])
            loss = torch.narrow(torch.mul(share, torch.cat([left, more], 1)), 1, 1, k - 1)
            taken = torch.ge(loss, r)
            counts = torch.add(torch.sum(taken, [-1], True), 1)
            k = int(torch.amax(counts, [0, 1]))
            weights = torch.narrow(weights, 1, 0, k)
            experts = torch.narrow(experts, 1, 0, k)
            keep = torch.lt(torch.arange(k, dtype=4), counts)
            weights = torch.masked_fill(weights, torch.logical_not(keep), 0.)
            kept = torch.squeeze(torch.nonzero(torch.reshape(keep, [-1])), 1)
          else:
            kept = torch.arange(n * k, dtype=4)
          $normed
          return (p, $scaled, experts, kept)
        def total(self: __torch__.Program, weights: Tensor, r: Tensor) -> Tensor:
          if r.size(0) > 0:
            all = torch.constant_pad_nd(weights, [0, $most - weights.size(1)], 0.)
            sum = torch.sum(torch.narrow(all, 1, 0, $k), [-1], True)
            sum = torch.add(sum, torch.sum(torch.narrow(all, 1, $k, $most - $k), [-1], True))
          else:
            sum = torch.sum(weights, [-1], True)
          return sum
      """;

  private static final String LIMIT_FIRST =
      """
      by_group = torch.reshape(choice, [n, $groups, $size])
      """;

  private static final String DENSE =
      """
        def feed_forward(self: __torch__.Program, x: Tensor, p0: int, s0: int, a: Tuple[List[int], List[Tensor], List[int], List[float]], m: List[Tensor]) -> Tensor:
          g, u = torch.chunk(self.linear(x, p0, m), 2, -1)
          g = self.adapt(g, x, s0, a)
          u = self.adapt(u, x, s0 + 1, a)
          return self.project(torch.mul($silu, u), p0 + 1, s0 + 2, a, m)
      """;

  /**
   * What adapters add to experts. The rows of all sequences of an adapter lie in blocks of {@link
   * #BLOCK}, each of one expert and one product: however many rows there are, a row's is of the
   * same shape.
   */
  private static final String SPARSE =
      """
        def routed(self: __torch__.Program, x: Tensor, w0: int, s0: int, r: Tensor, a: Tuple[List[int], List[Tensor], List[int], List[float]], w: List[Tensor]) -> List[Tensor]:
          spans, l, which, scales = a
          logits = annotate(List[Tensor], [])
          at = 0
          for s in range(len(spans)):
            n = spans[s]
            if n < 0:
              n = torch.neg(n)
            h = x
            if len(spans) > 1:
              h = torch.narrow(x, 0, at, n)
            if spans[s] < 0:
              by_row = torch.as_strided(w[w0], [n, $d, $experts], [0, 1, $d])
              logits.append(torch.squeeze(torch.bmm(torch.unsqueeze(h, 1), by_row), 1))
            else:
              logits.append(torch.linear(h, w[w0]))
            at = at + n
          if len(logits) > 1:
            joined = torch.cat(logits, 0)
          else:
            joined = logits[0]
          p, weights, experts, kept = self.routes($adapted, w, w0, r)
          return annotate(List[Tensor], [p, weights, experts, kept])
        def adapt_gate_up(self: __torch__.Program, y: Tensor, x: Tensor, expert: Tensor, slot: Tensor, k: int, s0: int, a: Tuple[List[int], List[Tensor], List[int], List[float]]) -> Tensor:
          if len(a[1]) > 1 and self.adds(s0, a):
            token = torch.floor_divide(slot, k)
            if self.lone_rows(x.size(0), a):
              y = torch.add_(y, self.expert_rows(torch.index_select(x, 0, token), expert, a[1][2 * s0], a[1][2 * s0 + 1]))
            else:
              y = self.adapt_experts(y, x, token, torch.zeros([0], dtype=6), expert, token, s0, a)
          return y
        def adapt_down(self: __torch__.Program, y: Tensor, x: Tensor, share: Tensor, expert: Tensor, slot: Tensor, n: int, k: int, s0: int, a: Tuple[List[int], List[Tensor], List[int], List[float]]) -> Tensor:
          if len(a[1]) > 1 and self.adds(s0 + 1, a):
            if self.lone_rows(n, a):
              added = self.expert_rows(x, expert, a[1][2 * s0 + 2], a[1][2 * s0 + 3])
              if share.size(0) > 0:
                added = torch.mul_(added, share)
              y = torch.add_(y, added)
            else:
              y = self.adapt_experts(y, x, torch.arange(x.size(0), dtype=4), share, expert, torch.floor_divide(slot, k), s0 + 1, a)
          return y
        def lone_rows(self: __torch__.Program, n: int, a: Tuple[List[int], List[Tensor], List[int], List[float]]) -> bool:
          return len(a[2]) == 1 and a[2][0] == -2 and self.lone(n, a[1])
        def adapt_experts(self: __torch__.Program, y: Tensor, x: Tensor, of: Tensor, share: Tensor, expert: Tensor, token: Tensor, site: int, a: Tuple[List[int], List[Tensor], List[int], List[float]]) -> Tensor:
          spans, l, which, scales = a
          owners = annotate(List[Tensor], [])
          asked = annotate(List[int], [])
          for s in range(len(spans)):
            n = spans[s]
            if n < 0:
              n = torch.neg(n)
            owners.append(torch.full([n], which[s], dtype=4))
            if which[s] >= 0 and torch.__not__(torch.__contains__(asked, which[s])):
              asked.append(which[s])
          owner = torch.cat(owners, 0)
          for j in range(len(asked)):
            i = 2 * ($sites * asked[j] + site)
            if l[i].numel() > 0:
              rows = torch.arange(token.size(0), dtype=4)
              if len(spans) > 1:
                rows = torch.squeeze(torch.nonzero(torch.eq(torch.index_select(owner, 0, token), asked[j])), 1)
              if rows.size(0) > 0:
                added = self.expert_blocks(x, torch.index_select(of, 0, rows), torch.index_select(expert, 0, rows), l[i], l[i + 1])
                y = self.add_shared(y, rows, added, share)
          if which[0] == -2:
            n = torch.neg(spans[0])
            adapters = torch.floordiv(len(l), 2 * $sites + 1)
            for j in range(adapters):
              i = 2 * ($sites * j + site)
              if l[i].numel() > 0:
                among = torch.index_fill_(torch.zeros([n], dtype=11), 0, l[2 * $sites * adapters + j], 1)
                rows = torch.squeeze(torch.nonzero(torch.logical_and(torch.lt(token, n), torch.index_select(among, 0, torch.clamp_max(token, n - 1)))), 1)
                if rows.size(0) > 0:
                  e = torch.index_select(expert, 0, rows)
                  added = self.expert_rows(torch.index_select(x, 0, torch.index_select(of, 0, rows)), e, l[i], l[i + 1])
                  y = self.add_shared(y, rows, added, share)
          return y
        def add_shared(self: __torch__.Program, y: Tensor, rows: Tensor, added: Tensor, share: Tensor) -> Tensor:
          if share.size(0) > 0:
            added = torch.mul_(added, torch.index_select(share, 0, rows))
          return torch.index_add_(y, 0, rows, added)
        def expert_rows(self: __torch__.Program, x: Tensor, expert: Tensor, down: Tensor, up: Tensor) -> Tensor:
          z = torch.bmm(torch.unsqueeze(x, 1), torch.transpose(torch.index_select(down, 0, expert), 1, 2))
          return torch.squeeze(torch.bmm(z, torch.transpose(torch.index_select(up, 0, expert), 1, 2)), 1)
        def expert_blocks(self: __torch__.Program, x: Tensor, of: Tensor, expert: Tensor, down: Tensor, up: Tensor) -> Tensor:
          counts = torch.bincount(expert, None, $experts)
          blocks = torch.floor_divide(torch.add(counts, $block - 1), $block)
          whose = torch.repeat_interleave(torch.arange($experts, dtype=4), blocks)
          n = whose.size(0)
          first = torch.mul(torch.sub(torch.cumsum(blocks, 0), blocks), $block)
          before = torch.sub(torch.cumsum(counts, 0), counts)
          place = torch.index_select(first, 0, expert)
          if int(torch.amax(counts, [0])) > 1:
            place = torch.add(place, torch.sub(torch.arange(expert.size(0), dtype=4), torch.index_select(before, 0, expert)))
          source = torch.index_copy_(torch.zeros([n * $block], dtype=4), 0, place, of)
          apart = torch.reshape(torch.index_select(x, 0, source), [n, $block, x.size(1)])
          z = torch.bmm(apart, torch.transpose(torch.index_select(down, 0, whose), 1, 2))
          y = torch.bmm(z, torch.transpose(torch.index_select(up, 0, whose), 1, 2))
          return torch.index_select(torch.reshape(y, [n * $block, up.size(1)]), 0, place)
        def sparse(self: __torch__.Program, x: Tensor, p0: int, s0: int, route: List[Tensor], a: Tuple[List[int], List[Tensor], List[int], List[float]], m: List[Tensor]) -> Tensor:
          return self.experts(x, p0, s0, route, a, m)
        def shared(self: __torch__.Program, x: Tensor, w0: int, p0: int, s0: int, a: Tuple[List[int], List[Tensor], List[int], List[float]], w: List[Tensor], m: List[Tensor]) -> Tensor:
          y = self.feed_forward(x, p0, s0, a, m)
          $gate
          return y
      """;

  /** Its site stands before those of the shared expert. */
  private static final String SHARED_GATE =
      """
      z = self.adapt(torch.sum(torch.mul(x, w[w0]), [-1], True), x, s0 - 1, a)
          y = torch.mul(y, torch.narrow(torch.sigmoid(torch.repeat(z, [1, 32])), 1, 0, 1))
      """;

  /** Entries that a vectorized loop takes at a time at most: two registers of 16. */
  private static final int LANES = 32;

  /** Rows of a block. */
  private static final int BLOCK = 16;

  private ExpertsSource() {}

  static String methods(MoeConfig config) {
    return routes(config.router())
        + DENSE.replace("$silu", silu(config))
        + SPARSE
            .replace("$gate\n", config.experts().sharedGate() ? SHARED_GATE : "y = y\n")
            .replace(
                "$adapted", config.router().adaptable() ? "self.adapt(joined, x, s0, a)" : "joined")
            .replace("$block", Integer.toString(BLOCK));
  }

  /** By row: what an adapter adds lies end to end, the base's own gates beside its ups. */
  private static String silu(MoeConfig config) {
    boolean whole =
        config.experts().sharedIntermediateSize() % LANES == 0
            && (config.intermediateSize() % LANES == 0
                || config.layers().stream().allMatch(LayerConfig::sparse));
    return whole
        ? "torch.silu(g)"
        : String.format(
            Locale.ROOT,
            "torch.narrow(torch.silu(torch.constant_pad_nd(g, "
                + "[0, %1$d * torch.floordiv(g.size(1) + %1$d - 1, %1$d) - g.size(1)], 1.)), "
                + "1, 0, g.size(1))",
            LANES);
  }

  private static String routes(RouterConfig router) {
    boolean sigmoid = router.scoring() == RouterConfig.Scoring.SIGMOID;
    String sum = "self.total(weights, r)";
    String normed =
        "weights = torch.div(weights, " + (sigmoid ? "torch.add(" + sum + ", 1e-20)" : sum) + ")";
    return ROUTES
        .replace(
            "$score", sigmoid ? byRow("sigmoid", "logits", router) : "torch.softmax(logits, -1)")
        .replace("$choice", sigmoid ? "torch.add(p, w[w0 + 1])" : "p")
        .replace("$weighs", sigmoid ? "torch.gather(p, 1, experts)" : "top")
        .replace("$limit\n", limit(router, sigmoid))
        .replace("$normed\n", (router.normTopkProb() ? normed : "weights = weights") + "\n")
        .replace(
            "$scaled",
            router.routedScalingFactor() == 1
                ? "weights"
                : "torch.mul(weights, " + router.routedScalingFactor() + ")")
        .replace(
            "$share",
            sigmoid
                ? "share = torch.detach(torch.div(weights, torch.sum(p, [-1], True)))"
                : "share = torch.detach(weights)")
        .replace("$most", Integer.toString(router.mostExperts()))
        .replace("$k", Integer.toString(router.topK()));
  }

  /**
   * A function of each entry of (n, experts). Libtorch computes the last entries of a tensor, fewer
   * than {@link #LANES}, otherwise than those before, so rows are made longer where they are not a
   * multiple: an entry must not depend on how many rows there are.
   */
  private static String byRow(String function, String x, RouterConfig router) {
    int rest = Math.floorMod(-router.numExperts(), LANES);
    return rest == 0
        ? "torch." + function + "(" + x + ")"
        : String.format(
            Locale.ROOT,
            "torch.narrow(torch.%s(torch.constant_pad_nd(%s, [0, %d], 1.)), 1, 0, %d)",
            function,
            x,
            rest,
            router.numExperts());
  }

  /**
   * Only the best groups: DeepSeek-V2 takes a group's best score, V3 the sum of its best two. Where
   * they hold fewer than the top k, experts of other groups follow: with weight 0 in V2, with their
   * own in V3, whose choices may be negative and still go before those of closed groups.
   */
  private static String limit(RouterConfig router, boolean sigmoid) {
    if (router.groups() == 1) {
      return "choice = choice\n";
    }
    int size = router.numExperts() / router.groups();
    String best =
        sigmoid
            ? "two, which = torch.topk(by_group, 2, -1)\n    best = torch.sum(two, [-1], False)"
            : "best = torch.amax(by_group, [-1], False)";
    return LIMIT_FIRST
            .strip()
            .replace("$groups", Integer.toString(router.groups()))
            .replace("$size", Integer.toString(size))
        + "\n    "
        + best
        + "\n    groups, chosen = torch.topk(best, "
        + router.topkGroups()
        + ", -1)"
        + "\n    open = torch.scatter(torch.zeros([n, "
        + router.groups()
        + "], dtype=6), 1, chosen, 1.)"
        + "\n    open = torch.repeat_interleave(open, "
        + size
        + ", 1)"
        + "\n    choice = torch.masked_fill(choice, torch.eq(open, 0.), "
        + (sigmoid ? "-inf" : "0.")
        + ")\n";
  }
}
