package dev.millrace.model.program;

/**
 * The part of a float program that trains: one call returns loss and gradients, so that nothing of
 * Java lies between forward and backward.
 */
final class TrainingSource {

  static final String METHODS =
      """
        def lengths(self: __torch__.Program, lens: Tensor) -> List[int]:
          out = annotate(List[int], [])
          for s in range(lens.size(0)):
            out.append(int(lens[s]))
          return out
        def train_logits(self: __torch__.Program, ids: Tensor, lens: Tensor, r: Tensor, w: List[Tensor], m: List[Tensor], l: List[Tensor]) -> Tuple[Tensor, Tensor, List[Tensor]]:
          sizes = self.lengths(lens)
          which = -1
          if len(l) > 0:
            which = 0
          spans = annotate(List[int], [ids.size(0)])
          x, balance, chosen = self.hidden(ids, sizes, (spans, l, annotate(List[int], [which]), annotate(List[float], [1.])), self.none(sizes), self.by_row(r, sizes), w, m)
          return (self.linear(x, $head, m), balance, chosen)
        def leaves(self: __torch__.Program, xs: List[Tensor]) -> List[Tensor]:
          out = annotate(List[Tensor], [])
          for i in range(len(xs)):
            out.append(torch.requires_grad_(torch.detach(xs[i]), True))
          return out
        def gradients(self: __torch__.Program, loss: Tensor, leaves: List[Tensor], out: List[Tensor]) -> List[Tensor]:
          g = torch.grad(annotate(List[Tensor], [loss]), leaves, annotate(Optional[List[Optional[Tensor]]], None), None, False, True)
          for i in range(len(leaves)):
            if torch.__is__(g[i], None):
              out.append(torch.zeros_like(leaves[i]))
            else:
              out.append(unchecked_cast(Tensor, g[i]))
          return out
        def base_gradients(self: __torch__.Program, ids: Tensor, targets: Tensor, lens: Tensor, r: Tensor, balance_weight: Tensor) -> List[Tensor]:
          w = self.leaves(self.w)
          m = self.leaves(self.m)
          w[2] = self.w[2]
          w[3] = self.w[3]
          $tie
          logits, balance, chosen = self.train_logits(ids, lens, r, w, m, annotate(List[Tensor], []))
          nll = torch.mean(torch.cross_entropy_loss(logits, targets, None, 0, -100, 0.))
          loss = torch.add(nll, torch.sum(torch.mul(balance, balance_weight)))
          leaves = annotate(List[Tensor], [])
          for i in range(len(w)):
            if i != 2 and i != 3:
              leaves.append(w[i])
          leaves.extend(m[:$trained])
          return self.gradients(loss, leaves, annotate(List[Tensor], [torch.detach(nll), torch.detach(balance), self.active(chosen, self.lengths(lens))]))
        def silence(self: __torch__.Program, expert: int) -> List[Tensor]:
          for i in range(len(self.m)):
            if self.m[i].dim() > 2:
              torch.zero_(torch.select(self.m[i], 0, expert))
          return annotate(List[Tensor], [])
        def trainable(self: __torch__.Program) -> List[Tensor]:
          p = annotate(List[Tensor], [])
          for i in range(len(self.w)):
            if i != 2 and i != 3:
              p.append(self.w[i])
          p.extend(self.m[:$trained])
          return p
        def adamw(self: __torch__.Program, g: List[Tensor], h: List[Tensor], m1: List[Tensor], m2: List[Tensor], step: Tensor) -> List[Tensor]:
          lr, decay, c1, c2 = float(step[0]), float(step[1]), float(step[2]), float(step[3])
          p = self.trainable()
          square = torch.zeros([], dtype=7)
          for i in range(len(p)):
            torch.mul_(torch.add_(g[i], h[i]), 0.5)
            square = torch.add(square, torch.to(torch.sum(torch.mul(g[i], g[i])), 7))
          norm = float(torch.sqrt(square))
          clip = 1.0
          if norm > 1.0:
            clip = 1.0 / norm
          for i in range(len(p)):
            torch.mul_(g[i], clip)
            torch.add_(torch.mul_(m1[i], 0.9), g[i], alpha=0.1)
            torch.addcmul_(torch.mul_(m2[i], 0.95), g[i], g[i], value=0.05)
            if p[i].dim() > 1:
              torch.mul_(p[i], 1.0 - lr * decay)
            d = torch.add_(torch.sqrt(torch.div(m2[i], c2)), 1e-8)
            torch.addcdiv_(p[i], m1[i], d, value=torch.neg(lr / c1))
          return annotate(List[Tensor], [torch.sqrt(square)])
      """;

  /** Loss of each sequence, and gradients of the embeddings that are given. */
  static final String PREFIXES =
      """
        def prefix_gradients(self: __torch__.Program, ids: Tensor, given: Tensor, targets: Tensor, predicted: Tensor, lens: Tensor) -> List[Tensor]:
          sizes = self.lengths(lens)
          e = torch.requires_grad_(torch.detach(given), True)
          off = (annotate(List[int], [ids.size(0)]), annotate(List[Tensor], []), annotate(List[int], [-1]), annotate(List[float], [0.]))
          x, balance, chosen = self.through(self.embedded(ids, e, self.w), sizes, off, self.none(sizes), self.fixed(), self.w, self.m)
          logits = self.linear(torch.index_select(x, 0, predicted), $head, self.m)
          nll = torch.cross_entropy_loss(logits, torch.index_select(targets, 0, predicted), None, 0, -100, 0.)
          return self.gradients(torch.sum(nll), annotate(List[Tensor], [e]), annotate(List[Tensor], [torch.detach(nll)]))
      """;

  /** Gradients of an adapter through autograd alone. */
  static final String BY_AUTOGRAD =
      """
        def adapter_gradients(self: __torch__.Program, ids: Tensor, targets: Tensor, lens: Tensor, r: Tensor, weights: Tensor, l: List[Tensor], how: Tensor) -> List[Tensor]:
          leaves = self.leaves(l)
          logits, balance, chosen = self.train_logits(ids, lens, r, self.w, self.m, leaves)
          loss = torch.sum(torch.mul(torch.cross_entropy_loss(logits, targets, None, 0, -100, 0.), weights))
          return self.gradients(loss, leaves, annotate(List[Tensor], [torch.to(torch.detach(loss), 7)]))
        def anchor_gradients(self: __torch__.Program, ids: Tensor, targets: Tensor, lens: Tensor, r: Tensor, weights: Tensor, l: List[Tensor], how: Tensor) -> List[Tensor]:
          base, balance, chosen = self.train_logits(ids, lens, self.fixed(), self.w, self.m, annotate(List[Tensor], []))
          return self.toward(base, ids, lens, r, weights, l)
        def teacher_gradients(self: __torch__.Program, ids: Tensor, targets: Tensor, lens: Tensor, r: Tensor, weights: Tensor, l: List[Tensor], how: Tensor, t: List[Tensor]) -> List[Tensor]:
          teacher, balance, chosen = self.train_logits(ids, lens, r, self.w, self.m, t)
          return self.toward(teacher, ids, lens, r, weights, l)
        def toward(self: __torch__.Program, teacher: Tensor, ids: Tensor, lens: Tensor, r: Tensor, weights: Tensor, l: List[Tensor]) -> List[Tensor]:
          leaves = self.leaves(l)
          logits, balance, chosen = self.train_logits(ids, lens, r, self.w, self.m, leaves)
          q = torch.log_softmax(logits, -1)
          p = torch.detach(torch.log_softmax(teacher, -1))
          kl = torch.sum(torch.mul(torch.exp(p), torch.sub(p, q)), [-1], False)
          loss = torch.sum(torch.mul(kl, weights))
          return self.gradients(loss, leaves, annotate(List[Tensor], [torch.to(torch.detach(loss), 7)]))
      """;

  private TrainingSource() {}
}
