package dev.millrace.model.djl;

/** What a student that is cut out of a model has to know of it, in a whole float program. */
final class PruningSource {

  /**
   * {@code stays} holds the experts of each layer that stay: (layers, experts). The result: Gram
   * matrices of the normalised stream before attention and before the experts of each layer, and at
   * the end; and, summed over tokens, the weight that experts have in each layer, and would have if
   * those that stay were all.
   */
  private static final String STREAM =
      """
        def gram(self: __torch__.Program, x: Tensor) -> Tensor:
          v = torch.mean(torch.mul(x, x), [-1], True)
          y = torch.mul(x, torch.rsqrt(torch.add(v, 1e-30)))
          return torch.matmul(torch.transpose(y, 0, 1), y)
        def taken_by(self: __torch__.Program, p: Tensor, stays: Tensor) -> Tensor:
          q = torch.index_select(p, 1, stays)
          q = torch.div(q, torch.sum(q, [-1], True))
          top, which = torch.topk(q, $k, -1)
          return torch.sum(top)
        def stream(self: __torch__.Program, ids: Tensor, lens: List[int], stays: Tensor) -> List[Tensor]:
          experts_at = $experts_at
          a = self.unadapted(lens)
          grams = annotate(List[Tensor], [])
          taken = annotate(List[Tensor], [])
          x = torch.to(torch.embedding(self.w[0], ids), 6)
          for i in range($layers):
            grams.append(self.gram(x))
            x, h, route = self.front(i, x, lens, self.fixed(), a, 6)
            grams.append(self.gram(x))
            if len(route) > 0:
              taken.append(torch.sum(route[1]))
              taken.append(self.taken_by(route[0], torch.select(stays, 0, i)))
              x = torch.add(x, self.sparse(h, experts_at[i], 0, route, a, self.m))
          grams.append(self.gram(x))
          return annotate(List[Tensor], [torch.stack(grams, 0), torch.stack(taken, 0)])
      """;

  private PruningSource() {}

  /** The methods of a model whose layers are all sparse. */
  static String methods(LayerSource layers) {
    return STREAM.replace("$experts_at", layers.expertPlaces().toString());
  }
}
