package dev.millrace.model.djl;

/**
 * The encoders as a TorchScript program, with the symmetric InfoNCE loss (Radford et al., CLIP,
 * arXiv 2103.00020) and its gradients. Weights are in the order of {@link
 * dev.millrace.model.align.AlignTensor#all}.
 */
final class AlignSource {

  static final String PROGRAM =
      """
      class Program(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        w : List[Tensor]
        m : List[Tensor]
        packed : Optional[List[__torch__.torch.classes.quantized.LinearPackedParamsBase]]
        def vector(self: __torch__.Program, x: Tensor) -> List[Tensor]:
          self.w.append(x)
          return annotate(List[Tensor], [])
        def unit(self: __torch__.Program, x: Tensor) -> Tensor:
          return torch.div(x, torch.sqrt(torch.add(torch.sum(torch.mul(x, x), [1], True), 1e-12)))
        def picture(self: __torch__.Program, x: Tensor, w: List[Tensor]) -> Tensor:
          y = torch.silu(torch.conv2d(x, w[0], w[1], [2, 2], [2, 2], [1, 1], 1))
          y = torch.silu(torch.conv2d(y, w[2], w[3], [2, 2], [1, 1], [1, 1], 1))
          y = torch.silu(torch.conv2d(y, w[4], w[5], [2, 2], [1, 1], [1, 1], 1))
          return self.unit(torch.linear(torch.flatten(y, 1), w[6], w[7]))
        def sound(self: __torch__.Program, x: Tensor, w: List[Tensor]) -> Tensor:
          y = torch.silu(torch.conv1d(x, w[8], w[9], [2], [2], [1], 1))
          y = torch.silu(torch.conv1d(y, w[10], w[11], [2], [2], [1], 1))
          y = torch.silu(torch.conv1d(y, w[12], w[13], [1], [2], [1], 1))
          y = torch.cat([torch.mean(y, [2], False), torch.amax(y, [2], False)], 1)
          return self.unit(torch.linear(y, w[14], w[15]))
        def words(self: __torch__.Program, ids: Tensor, offsets: Tensor, hidden: Tensor, w: List[Tensor]) -> Tensor:
          bag, a, b, c = torch.embedding_bag(w[16], ids, offsets, False, 1, False, None, False)
          h = torch.mul(torch.sub(hidden, w[22]), w[23])
          y = torch.silu(torch.linear(torch.cat([bag, h], 1), w[17], w[18]))
          return self.unit(torch.linear(torch.cat([y, bag], 1), w[19], w[20]))
        def embed_picture(self: __torch__.Program, x: Tensor) -> List[Tensor]:
          return [self.picture(x, self.w)]
        def embed_sound(self: __torch__.Program, x: Tensor) -> List[Tensor]:
          return [self.sound(x, self.w)]
        def embed_words(self: __torch__.Program, ids: Tensor, offsets: Tensor, hidden: Tensor) -> List[Tensor]:
          return [self.words(ids, offsets, hidden, self.w)]
        def leaves(self: __torch__.Program) -> List[Tensor]:
          out = annotate(List[Tensor], [])
          for i in range(len(self.w)):
            x = torch.detach(self.w[i])
            if i < 22:
              x = torch.requires_grad_(x, True)
            out.append(x)
          return out
        def contrast(self: __torch__.Program, a: Tensor, b: Tensor, same: Tensor, target: Tensor, w: List[Tensor]) -> List[Tensor]:
          scale = torch.exp(torch.clamp_max(w[21], 4.6))
          logits = torch.add(torch.mul(torch.matmul(a, torch.t(b)), scale), same)
          there = torch.cross_entropy_loss(logits, target, None, 1, -100, 0.)
          back = torch.cross_entropy_loss(torch.t(logits), target, None, 1, -100, 0.)
          loss = torch.mul(torch.add(there, back), 0.5)
          leaves = w[:22]
          g = torch.grad(annotate(List[Tensor], [loss]), leaves, annotate(Optional[List[Optional[Tensor]]], None), None, False, True)
          out = annotate(List[Tensor], [torch.detach(loss)])
          for i in range(len(leaves)):
            if torch.__is__(g[i], None):
              out.append(torch.zeros_like(leaves[i]))
            else:
              out.append(unchecked_cast(Tensor, g[i]))
          return out
        def picture_gradients(self: __torch__.Program, x: Tensor, ids: Tensor, offsets: Tensor, hidden: Tensor, same: Tensor, target: Tensor) -> List[Tensor]:
          w = self.leaves()
          return self.contrast(self.picture(x, w), self.words(ids, offsets, hidden, w), same, target, w)
        def sound_gradients(self: __torch__.Program, x: Tensor, ids: Tensor, offsets: Tensor, hidden: Tensor, same: Tensor, target: Tensor) -> List[Tensor]:
          w = self.leaves()
          return self.contrast(self.sound(x, w), self.words(ids, offsets, hidden, w), same, target, w)
        def words_gradients(self: __torch__.Program, lids: Tensor, loffsets: Tensor, lhidden: Tensor, ids: Tensor, offsets: Tensor, hidden: Tensor, same: Tensor, target: Tensor) -> List[Tensor]:
          w = self.leaves()
          return self.contrast(self.words(lids, loffsets, lhidden, w), self.words(ids, offsets, hidden, w), same, target, w)
        def adamw(self: __torch__.Program, g: List[Tensor], m1: List[Tensor], m2: List[Tensor], step: Tensor) -> List[Tensor]:
          lr, decay, c1, c2 = float(step[0]), float(step[1]), float(step[2]), float(step[3])
          for i in range(len(g)):
            p = self.w[i]
            torch.add_(torch.mul_(m1[i], 0.9), g[i], alpha=0.1)
            torch.addcmul_(torch.mul_(m2[i], 0.98), g[i], g[i], value=0.02)
            if p.dim() > 1:
              torch.mul_(p, 1.0 - lr * decay)
            d = torch.add_(torch.sqrt(torch.div(m2[i], c2)), 1e-6)
            torch.addcdiv_(p, m1[i], d, value=torch.neg(lr / c1))
          return annotate(List[Tensor], [])
      """;

  private AlignSource() {}
}
