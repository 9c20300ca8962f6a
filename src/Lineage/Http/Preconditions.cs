using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Lineage.Contracts.Api;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Lineage.Http;

/// <summary>
/// If-Match and If-None-Match, for every route at once. An entity tag is <c>"{version}-{digest}"</c>: the version of the stream, which a
/// condition on a write is about, and a digest of what was shown, which a condition on a read is about. They differ because an answer may
/// hold more than its stream says, such as the end of a lease.
/// </summary>
static class Preconditions
{
    const int DigestBytes = 8, TagsMax = 16;

    /// <summary>Versions under which the caller wants the change; null: whichever. A tag without a digest is a version too.</summary>
    public static IReadOnlyList<long>? Expected(HttpContext http)
    {
        var header = http.Request.Headers.IfMatch;
        if (header.Count == 0) return null;
        if (!EntityTagHeaderValue.TryParseList(header!, out var tags) || tags.Count is 0 or > TagsMax) throw Unreadable(header.ToString());
        var versions = new List<long>();
        foreach (var tag in tags)
        {
            var text = tag.Tag.AsSpan().Trim('"');
            var end = text.IndexOf('-');
            if (!long.TryParse(end < 0 ? text : text[..end], NumberStyles.None, CultureInfo.InvariantCulture, out var version))
                throw Unreadable(header.ToString());
            versions.Add(version);
        }

        return versions;
    }

    static LineageProblemException Unreadable(string header) => Request.Bad("If-Match",
        $"{header} is no entity tag of this API: expected the ETag of an answer, or the version of what is to be changed, such as \"7\".");

    /// <summary>Puts the digest into the tag of what a read answers, and answers 304 to a caller that has it.</summary>
    public static async ValueTask<object?> ReadAsync(EndpointFilterInvocationContext call, EndpointFilterDelegate next)
    {
        var answer = await next(call);
        var http = call.HttpContext;
        if (!HttpMethods.IsGet(http.Request.Method) || http.Response.Headers.ETag.ToString() is not { Length: > 2 } version) return answer;
        var inner = answer is INestedHttpResult nested ? nested.Result : answer;
        if (inner is not IValueHttpResult { Value: { } value } || inner is IStatusCodeHttpResult { StatusCode: not (null or 200) })
            return answer;
        var json = http.RequestServices.GetService(typeof(IOptions<Microsoft.AspNetCore.Http.Json.JsonOptions>))
            as IOptions<Microsoft.AspNetCore.Http.Json.JsonOptions>;
        var bytes = JsonSerializer.SerializeToUtf8Bytes(value, value.GetType(), json!.Value.SerializerOptions);
        var digest = Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, DigestBytes));
        var tag = $"{version[..^1]}-{digest}\"";
        http.Response.Headers.ETag = tag;
        http.Response.Headers.CacheControl = "private, no-cache";
        return IsKnown(http.Request.Headers.IfNoneMatch, tag)
            ? Results.StatusCode(StatusCodes.Status304NotModified)
            : Results.Bytes(bytes, "application/json; charset=utf-8");
    }

    static bool IsKnown(Microsoft.Extensions.Primitives.StringValues header, string tag) =>
        header.Count > 0 && EntityTagHeaderValue.TryParseList(header!, out var known)
        && known.Any(one => one.Equals(EntityTagHeaderValue.Any) || one.Tag.Equals(tag, StringComparison.Ordinal));
}
