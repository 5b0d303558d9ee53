package dev.millrace.model.program;

/**
 * The encoders as a TorchScript program, with the symmetric InfoNCE loss (Radford et al., CLIP,
 * arXiv 2103.00020) and its gradients. Weights are in the order of {@link
 * dev.millrace.model.align.AlignTensor#all}; behind them may stand those of the projection of
 * pictures, then of sounds, or of the one that is trained.
 */
public final class AlignSource {

  public static final String PROGRAM =
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
        def seen(self: __torch__.Program, x: Tensor, w: List[Tensor]) -> Tensor:
          y = torch.silu(torch.conv2d(x, w[0], w[1], [2, 2], [2, 2], [1, 1], 1))
          y = torch.silu(torch.conv2d(y, w[2], w[3], [2, 2], [1, 1], [1, 1], 1))
          y = torch.silu(torch.conv2d(y, w[4], w[5], [2, 2], [1, 1], [1, 1], 1))
          return torch.flatten(y, 1)
        def picture(self: __torch__.Program, x: Tensor, w: List[Tensor]) -> Tensor:
          return self.unit(torch.linear(self.seen(x, w), w[6], w[7]))
        def heard(self: __torch__.Program, x: Tensor, w: List[Tensor]) -> Tensor:
          y = torch.silu(torch.conv1d(x, w[8], w[9], [2], [2], [1], 1))
          y = torch.silu(torch.conv1d(y, w[10], w[11], [2], [2], [1], 1))
          return torch.silu(torch.conv1d(y, w[12], w[13], [1], [2], [1], 1))
        def heard_place(self: __torch__.Program, y: Tensor, w: List[Tensor]) -> Tensor:
          y = torch.cat([torch.mean(y, [2], False), torch.amax(y, [2], False)], 1)
          return self.unit(torch.linear(y, w[14], w[15]))
        def sound(self: __torch__.Program, x: Tensor, w: List[Tensor]) -> Tensor:
          return self.heard_place(self.heard(x, w), w)
        def picture_features(self: __torch__.Program, x: Tensor) -> Tensor:
          y = self.seen(x, self.w)
          return torch.cat([torch.mul(self.unit(torch.linear(y, self.w[6], self.w[7])), 8.0), y], 1)
        def sound_features(self: __torch__.Program, x: Tensor) -> Tensor:
          y = self.heard(x, self.w)
          quarters = torch.reshape(y, [y.size(0), y.size(1), 4, torch.floordiv(y.size(2), 4)])
          z = torch.flatten(torch.cat([torch.mean(quarters, [3], False), torch.amax(quarters, [3], False)], 1), 1)
          return torch.cat([torch.mul(self.heard_place(y, self.w), 8.0), z], 1)
        def project(self: __torch__.Program, x: Tensor, w: List[Tensor]) -> Tensor:
          return torch.linear(torch.silu(torch.linear(x, w[0], w[1])), w[2], w[3])
        def prefix_picture(self: __torch__.Program, x: Tensor) -> List[Tensor]:
          return [self.project(self.picture_features(x), self.w[24:28])]
        def prefix_sound(self: __torch__.Program, x: Tensor) -> List[Tensor]:
          return [self.project(self.sound_features(x), self.w[-4:])]
        def project_gradients(self: __torch__.Program, x: Tensor, g: Tensor) -> List[Tensor]:
          leaves = annotate(List[Tensor], [])
          for i in range(4):
            leaves.append(torch.requires_grad_(torch.detach(self.w[24 + i]), True))
          return self.gradients(torch.sum(torch.mul(self.project(torch.detach(x), leaves), g)), leaves)
        def prefix_picture_gradients(self: __torch__.Program, x: Tensor, g: Tensor) -> List[Tensor]:
          return self.project_gradients(self.picture_features(x), g)
        def prefix_sound_gradients(self: __torch__.Program, x: Tensor, g: Tensor) -> List[Tensor]:
          return self.project_gradients(self.sound_features(x), g)
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
          return self.gradients(torch.mul(torch.add(there, back), 0.5), w[:22])
        def gradients(self: __torch__.Program, loss: Tensor, leaves: List[Tensor]) -> List[Tensor]:
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
          first = int(step[4])
          for i in range(len(g)):
            p = self.w[first + i]
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
