using System.Buffers.Text;
using System.Security.Cryptography;

namespace Lineage.Access;

/// <summary>
/// The token of a key, <c>lin_{id}_{secret}</c>: 16 hex digits that name it and 256 random bits that prove it.
/// </summary>
/// <remarks>
/// Only the SHA-256 of the secret is kept. A slow hash protects what people choose, because that can be guessed; nobody guesses 256
/// random bits, and a fast hash keeps each request cheap.
/// </remarks>
public sealed record KeySecret(string Id, byte[] Secret)
{
    public const string Prefix = "lin_";

    public const int IdBytes = 8, SecretBytes = 32;

    const int IdLength = 2 * IdBytes, SecretLength = 43;

    /// <summary>Whether a bearer token claims to be one of our keys, so that it is no token of an identity provider.</summary>
    public static bool IsOne(string token) => token.StartsWith(Prefix, StringComparison.Ordinal);

    public static KeySecret Of(ReadOnlySpan<byte> id, ReadOnlySpan<byte> secret)
    {
        if (id.Length != IdBytes) throw new ArgumentException($"{id.Length} bytes; expected {IdBytes}.", nameof(id));
        if (secret.Length != SecretBytes) throw new ArgumentException($"{secret.Length} bytes; expected {SecretBytes}.", nameof(secret));
        return new KeySecret(Convert.ToHexStringLower(id), secret.ToArray());
    }

    /// <summary>Null if the text is no token; what is wrong with it is nobody's business who does not hold one.</summary>
    public static KeySecret? Parse(string token)
    {
        if (!IsOne(token) || token.Length != Prefix.Length + IdLength + 1 + SecretLength) return null;
        var id = token.AsSpan(Prefix.Length, IdLength);
        var secret = token.AsSpan(Prefix.Length + IdLength + 1);
        if (token[Prefix.Length + IdLength] != '_' || id.ContainsAnyExcept("0123456789abcdef")) return null;
        var bytes = new byte[SecretBytes];
        if (!Base64Url.IsValid(secret) || !Base64Url.TryDecodeFromChars(secret, bytes, out var written) || written != SecretBytes)
            return null;
        var read = new KeySecret(id.ToString(), bytes);
        return read.Token() == token ? read : null;   // the last character has two bits to spare; one spelling is enough
    }

    public byte[] Hash() => SHA256.HashData(Secret);

    /// <summary>In a time that does not depend on where they differ.</summary>
    public bool Matches(ReadOnlySpan<byte> hash) => CryptographicOperations.FixedTimeEquals(Hash(), hash);

    /// <summary>The whole token. A record's own text would put the secret into logs.</summary>
    public string Token() => $"{Prefix}{Id}_{Base64Url.EncodeToString(Secret)}";

    public override string ToString() => $"{Prefix}{Id}_…";
}
