package dev.millrace.model.cache;

/** The absent tier. */
enum NoSemanticTier implements SemanticTier {
  INSTANCE;

  @Override
  public boolean isUp() {
    return false;
  }

  @Override
  public void ask(CacheKey scope, CacheKey key, float[] vector, Asker asker) {
    asker.compute(own -> {});
  }

  @Override
  public SemanticCounts counts() {
    return new SemanticCounts(0, 0, 0, 0, 0, 0, 0, false);
  }

  @Override
  public void close() {}
}
