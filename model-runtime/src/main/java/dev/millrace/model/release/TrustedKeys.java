package dev.millrace.model.release;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.millrace.model.weights.Digest;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * The Ed25519 keys (RFC 8032) whose signatures are taken; several while one takes another's place.
 * None means that nobody has to sign.
 */
public final class TrustedKeys {
  private static final int MOST_VERIFIED = 10_000;

  private final List<PublicKey> keys;

  /** Digests of the manifests that one of the keys has signed. */
  private final Cache<String, Boolean> verified =
      Caffeine.newBuilder().maximumSize(MOST_VERIFIED).build();

  private TrustedKeys(List<PublicKey> keys) {
    this.keys = keys;
  }

  /**
   * Public keys, each the base64 of its X.509 form, with commas between; none of a blank text.
   *
   * @throws IllegalArgumentException if one is no such key, or there are commas alone; the message
   *     does not repeat it, for it may be the private one
   */
  public static TrustedKeys parse(String keys) {
    List<PublicKey> parsed = new ArrayList<>();
    for (String key : keys.split(",", -1)) {
      if (!key.isBlank()) {
        parsed.add(key(key.strip(), parsed.size() + 1));
      }
    }
    if (parsed.isEmpty() && !keys.isBlank()) {
      throw new IllegalArgumentException("there is no key between its commas, expected one");
    }
    return new TrustedKeys(List.copyOf(parsed));
  }

  private static PublicKey key(String base64, int number) {
    try {
      byte[] encoded = Base64.getDecoder().decode(base64);
      return KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(encoded));
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "public key %d has %d characters, expected the base64 of an Ed25519 key in X.509 form"
              .formatted(number, base64.length()),
          e);
    }
  }

  /**
   * The files, of which no manifest is handed out before its signature was verified. That is done
   * once for the same bytes: an adapter that is fetched again and again pays for it once.
   */
  public ReleaseFiles guard(ReleaseFiles files) {
    return keys.isEmpty() ? files : (uri, maxBytes) -> read(files, uri, maxBytes);
  }

  /** Whether what a signer signs is taken. */
  public boolean take(ReleaseSigner signer) {
    byte[] nothing = new byte[0];
    byte[] file = signer.sign(nothing).get(ReleaseSignature.FILE);
    return keys.isEmpty()
        || (file != null
            && keys.stream().anyMatch(key -> signed(key, nothing, ReleaseSignature.decode(file))));
  }

  private byte[] read(ReleaseFiles files, String uri, int maxBytes) throws IOException {
    byte[] bytes = files.read(uri, maxBytes);
    if (uri.endsWith("/" + Manifest.FILE)) {
      String digest = Digest.sha256(bytes);
      if (verified.getIfPresent(digest) == null) {
        String folder = uri.substring(0, uri.length() - Manifest.FILE.length());
        require(bytes, signature(files, folder + ReleaseSignature.FILE));
        verified.put(digest, true);
      }
    }
    return bytes;
  }

  private static byte[] signature(ReleaseFiles files, String uri) throws IOException {
    try {
      return files.read(uri, ReleaseSignature.FILE_BYTES + 1);
    } catch (FileNotFoundException | NoSuchFileException e) {
      throw new InvalidReleaseException("it is not signed, expected a signature", e);
    }
  }

  private void require(byte[] manifest, byte[] file) {
    byte[] signature = ReleaseSignature.decode(file);
    if (keys.stream().noneMatch(key -> signed(key, manifest, signature))) {
      throw new InvalidReleaseException(
          ReleaseSignature.FILE + ": it is by none of the " + keys.size() + " trusted keys");
    }
  }

  private static boolean signed(PublicKey key, byte[] manifest, byte[] signature) {
    try {
      Signature verifier = Signature.getInstance("Ed25519");
      verifier.initVerify(key);
      verifier.update(ReleaseSignature.PURPOSE);
      verifier.update(manifest);
      return verifier.verify(signature);
    } catch (GeneralSecurityException e) {
      return false; // not even the form of a signature
    }
  }
}
