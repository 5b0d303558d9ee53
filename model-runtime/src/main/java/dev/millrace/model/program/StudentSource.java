package dev.millrace.model.program;

/**
 * The part of a float program that trains a student: all weights, against a teacher's likeliest
 * tokens and the text itself (Hinton, Vinyals and Dean, arXiv 1503.02531).
 *
 * <p>What a teacher holds beyond its likeliest tokens is one more outcome, so that the loss is the
 * KL divergence between coarsened distributions. The head has a backward pass of its own, some rows
 * of logits at a time; all else goes through autograd.
 */
final class StudentSource {

  /** Every expert reads every token: their matrices side by side are one. */
  static final String ALL_EXPERTS =
      """
        def experts(self: __torch__.Program, x: Tensor, p0: int, s0: int, route: List[Tensor], a: Tuple[List[int], List[Tensor], List[int], List[float]], m: List[Tensor]) -> Tensor:
          n = x.size(0)
          share = torch.scatter(torch.zeros([n, $experts], dtype=6), 1, route[2], route[1])
          gate_up = torch.reshape(m[p0], [$experts * 2 * $i, $d])
          down = torch.reshape(torch.permute(m[p0 + 1], [1, 0, 2]), [$d, $experts * $i])
          t = torch.reshape(torch.linear($rounded(x), gate_up), [n, $experts, 2 * $i])
          g, u = torch.chunk(t, 2, -1)
          y = torch.mul($rounded(torch.mul(torch.silu(g), u)), torch.unsqueeze(share, -1))
          return torch.linear(torch.reshape(y, [n, $experts * $i]), down)
      """;

  /**
   * Activations as integer products read them: ±8,192 steps of their rows' greatest value. The
   * gradient passes straight through (Bengio, Léonard and Courville, arXiv 1308.3432).
   */
  private static final String ACTIVATIONS_ROUNDED =
      """
        def as_served(self: __torch__.Program, x: Tensor) -> Tensor:
          fixed = torch.detach(x)
          scale = torch.div(torch.clamp_min(torch.linalg_vector_norm(fixed, inf, [-1], True), 1e-30), 8192.)
          off = torch.mul_(torch.round_(torch.div(fixed, scale)), scale)
          return torch.add(x, torch.sub_(off, fixed))
      """;

  private static final String ACTIVATIONS_AS_THEY_ARE =
      """
        def as_served(self: __torch__.Program, x: Tensor) -> Tensor:
          return x
      """;

  /** Matrices to ±127 steps of their rows' greatest value, the embedding to bf16. */
  private static final String WEIGHTS_ROUNDED =
      """
        def whole(self: __torch__.Program, q: Tensor) -> Tensor:
          scale = torch.div(torch.clamp_min(torch.linalg_vector_norm(q, inf, [-1], True), 1e-30), 127.)
          return torch.mul_(torch.round_(torch.div(q, scale)), scale)
        def short(self: __torch__.Program, x: Tensor) -> Tensor:
          return torch.to(torch.to(x, 15), 6)
      """;

  private static final String WEIGHTS_AS_THEY_ARE =
      """
        def whole(self: __torch__.Program, q: Tensor) -> Tensor:
          return q
        def short(self: __torch__.Program, x: Tensor) -> Tensor:
          return x
      """;

  /**
   * {@code how} holds the weight of the text's own tokens, the temperature, and the weights of the
   * routers' balance and of the hints. These are what the stream is to be behind each layer,
   * (layers, tokens, d), and what the routers are to say, (layers, tokens, experts); none where
   * there are no layers. The figures: mean −log p of the text, mean KL, and the hints' mean over
   * layers and tokens of 1 − cosine and of the routers' KL.
   */
  static final String METHODS =
      """
        def student_gradients(self: __torch__.Program, ids: Tensor, targets: Tensor, lens: Tensor, likely: Tensor, logp: Tensor, streams: Tensor, routers: Tensor, how: Tensor) -> List[Tensor]:
          w = self.leaves(self.w)
          w[0] = torch.requires_grad_(torch.detach(self.short(self.w[0])), True)
          w[2] = self.w[2]
          w[3] = self.w[3]
          whole = annotate(List[Tensor], [])
          for i in range(len(self.m)):
            whole.append(self.whole(self.m[i]))
          m = self.leaves(whole)
          sizes = self.lengths(lens)
          spans = annotate(List[int], [ids.size(0)])
          off = (spans, annotate(List[Tensor], []), annotate(List[int], [-1]), annotate(List[float], [1.]))
          x, balance, seen = self.watched(torch.to(torch.embedding(w[0], ids), 6), sizes, off, self.none(sizes), self.fixed(), w, m)
          hint = self.apart(seen, streams, routers)
          losses, dx, dhead = self.distilled(self.as_served(torch.detach(x)), torch.detach(m[$head]), targets, likely, logp, float(how[0]), float(how[1]))
          loss = torch.add(torch.sum(torch.mul(x, dx)), torch.mul(torch.select(balance, 0, 0), how[2]))
          loss = torch.add(loss, torch.mul(hint, how[3]))
          leaves = annotate(List[Tensor], [])
          for i in range(len(w)):
            if i != 2 and i != 3:
              leaves.append(w[i])
          vectors = len(leaves)
          leaves.extend(m[:$trained])
          out = self.gradients(loss, leaves, annotate(List[Tensor], []))
          if len(m) > $trained:
            torch.add_(out[0], dhead)
          else:
            torch.add_(out[vectors + $head], dhead)
          hinted = torch.to(torch.reshape(torch.detach(hint), [1]), 7)
          all = annotate(List[Tensor], [torch.cat([losses, hinted], 0), torch.detach(balance)])
          all.extend(out)
          return all
        def apart(self: __torch__.Program, seen: List[Tensor], streams: Tensor, routers: Tensor) -> Tensor:
          apart = torch.zeros([], dtype=6)
          for i in range(streams.size(0)):
            near = torch.cosine_similarity(seen[2 * i], torch.select(streams, 0, i), -1, 1e-08)
            apart = torch.add(apart, torch.div(torch.rsub(torch.mean(near), 1.), float($layers)))
          for i in range(routers.size(0)):
            p = torch.select(routers, 0, i)
            kl = torch.sub(torch.xlogy(p, p), torch.xlogy(p, seen[2 * i + 1]))
            apart = torch.add(apart, torch.div(torch.sum(kl), float($layers * p.size(0))))
          return apart
        def distilled(self: __torch__.Program, x: Tensor, head: Tensor, targets: Tensor, likely: Tensor, logp: Tensor, hard: float, t: float) -> Tuple[Tensor, Tensor, Tensor]:
          n = x.size(0)
          soft = 1.0 - hard
          dx = annotate(List[Tensor], [])
          dhead = torch.zeros_like(head)
          nll = torch.zeros([], dtype=7)
          kl = torch.zeros([], dtype=7)
          at = 0
          while at < n:
            rows = self.part(at, n)
            xs = torch.narrow(x, 0, at, rows)
            z = torch.linear(xs, head)
            target = torch.unsqueeze(torch.narrow(targets, 0, at, rows), -1)
            d = torch.log_softmax(z, -1)
            nll = torch.sub(nll, torch.to(torch.sum(torch.gather(d, 1, target)), 7))
            if soft > 0.:
              tokens = torch.narrow(likely, 0, at, rows)
              lp = torch.narrow(logp, 0, at, rows)
              p = torch.exp(lp)
              cool = d
              if t != 1.:
                cool = torch.log_softmax(torch.div_(z, t), -1)
              lq = torch.gather(cool, 1, tokens)
              q = torch.exp(lq)
              rest = torch.clamp_min(torch.rsub(torch.sum(p, [-1], True), 1.), 0.)
              others = torch.clamp_min(torch.rsub(torch.sum(q, [-1], True), 1.), 1e-06)
              kl = torch.add(kl, torch.to(torch.sum(torch.mul(p, torch.sub(lp, lq))), 7))
              kl = torch.add(kl, torch.to(torch.sum(torch.sub(torch.xlogy(rest, rest), torch.mul(rest, torch.log(others)))), 7))
              off = torch.rsub(torch.div(rest, others), 1.)
              if t != 1.:
                cool = torch.mul_(torch.exp_(cool), torch.mul(off, soft * t))
                torch.scatter_(cool, 1, tokens, torch.mul(torch.sub(q, p), soft * t))
                if hard > 0.:
                  d = torch.add_(cool, torch.exp_(d), alpha=hard)
                else:
                  d = cool
              else:
                torch.mul_(torch.exp_(d), torch.add(torch.mul(off, soft), hard))
                torch.scatter_(d, 1, tokens, torch.sub(q, torch.mul(p, soft)))
            else:
              torch.mul_(torch.exp_(d), hard)
            torch.scatter_add_(d, 1, target, torch.full([rows, 1], torch.neg(hard), dtype=6))
            dx.append(torch.matmul(d, head))
            torch.addmm_(dhead, torch.transpose(d, 0, 1), xs)
            at = at + rows
          losses = torch.div(torch.stack([nll, kl], 0), float(n))
          return (losses, torch.div_(torch.cat(dx, 0), float(n)), torch.div_(dhead, float(n)))
      """;

  private StudentSource() {}

  /** What serving rounds of numbers in a format, and no more. */
  static String rounding(MatrixFormat format) {
    return (format == MatrixFormat.INT8 ? ACTIVATIONS_ROUNDED : ACTIVATIONS_AS_THEY_ARE)
        + (format == MatrixFormat.FLOAT32 ? WEIGHTS_AS_THEY_ARE : WEIGHTS_ROUNDED);
  }
}
