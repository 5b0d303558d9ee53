package dev.millrace.model.release;

import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.SortedMap;
import java.util.TreeMap;

/** Signs manifests as they are published. */
@FunctionalInterface
public interface ReleaseSigner {

  /** The files to write beside the manifest, by name. */
  SortedMap<String, byte[]> sign(byte[] manifest);

  /** Signs nothing. */
  static ReleaseSigner none() {
    return manifest -> new TreeMap<>();
  }

  /**
   * Signs with an Ed25519 key.
   *
   * @param base64 of the private key's PKCS #8 form; the lines of a PEM file are allowed around it
   * @throws IllegalArgumentException if it is none; the message does not repeat it
   */
  static ReleaseSigner ofKey(String base64) {
    PrivateKey key = key(base64);
    return manifest -> {
      try {
        Signature signer = Signature.getInstance("Ed25519");
        signer.initSign(key);
        signer.update(ReleaseSignature.PURPOSE);
        signer.update(manifest);
        SortedMap<String, byte[]> files = new TreeMap<>();
        files.put(ReleaseSignature.FILE, ReleaseSignature.encode(signer.sign()));
        return files;
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException("the signing key cannot sign", e);
      }
    };
  }

  private static PrivateKey key(String base64) {
    try {
      String body = base64.replaceAll("-----[A-Z ]+-----", "").replaceAll("\\s", "");
      byte[] encoded = Base64.getDecoder().decode(body);
      return KeyFactory.getInstance("Ed25519").generatePrivate(new PKCS8EncodedKeySpec(encoded));
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "the signing key is no Ed25519 key, expected the base64 of its PKCS #8 form", e);
    }
  }
}
