using System.Globalization;
using Lineage.Contracts.Api;

namespace Lineage.Http;

/// <summary>Cuts one page out of what was found when one more than the limit was asked for.</summary>
static class Pages
{
    /// <param name="cursor">What <c>?after=</c> takes to go on behind this one.</param>
    public static Page<TView> Of<T, TView>(IReadOnlyList<T> found, int limit, Func<T, TView> view, Func<T, string> cursor) =>
        new([.. found.Take(limit).Select(view)], found.Count > limit ? cursor(found[limit - 1]) : null);

    public static Page<T> Of<T>(IReadOnlyList<T> found, int limit, Func<T, string> cursor) => Of(found, limit, static one => one, cursor);

    public static string Cursor(long place) => place.ToString(CultureInfo.InvariantCulture);
}
