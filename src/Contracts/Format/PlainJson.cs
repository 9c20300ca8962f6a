using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Lineage.Contracts.Identity;

namespace Lineage.Contracts.Format;

/// <summary>
/// The short way to canonical bytes, for types whose members are texts, whole numbers, flags and times: members are sorted once per type
/// instead of once per value. Only what needs no second look is written so: where a text has anything but plain ASCII, or a number more
/// digits than a double surely keeps, there is no answer here and <see cref="CanonicalJson"/> goes the long way.
/// </summary>
/// <remarks>A law of the tests: wherever this answers, the long way gives the same bytes.</remarks>
static class PlainJson
{
    /// <summary>Every whole number of so many digits is below 2^53.</summary>
    const int DigitsMax = 15;

    static readonly ConcurrentDictionary<Type, bool> Plain = new();

    static readonly JsonSerializerOptions Sorted = Create();

    /// <returns>Null if the value has to go the long way.</returns>
    public static byte[]? TryWrite(object value, Type type)
    {
        if (!Plain.GetOrAdd(type, static t => IsPlain(t, []))) return null;
        var bytes = JsonSerializer.SerializeToUtf8Bytes(value, type, Sorted);
        return IsCanonical(bytes) ? bytes : null;
    }

    static JsonSerializerOptions Create()
    {
        var options = ContractJson.Create();
        options.TypeInfoResolver = new DefaultJsonTypeInfoResolver().WithAddedModifier(static type =>
        {
            if (type.Kind != JsonTypeInfoKind.Object) return;
            var order = 0;
            foreach (var member in type.Properties.OrderBy(static m => m.Name, StringComparer.Ordinal).ToList()) member.Order = order++;
        });
        return options;
    }

    static bool IsPlain(Type type, HashSet<Type> above)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type.IsEnum || type == typeof(string) || type == typeof(bool) || type == typeof(int) || type == typeof(long)
            || type == typeof(DateTimeOffset)) return true;
        if (type.GetInterfaces().Any(static i => i.IsGenericType
            && (i.GetGenericTypeDefinition() == typeof(ITextValue<>) || i.GetGenericTypeDefinition() == typeof(INumberValue<>))))
            return true;
        if (!above.Add(type)) return false;
        var described = Sorted.GetTypeInfo(type);
        var plain = described.Kind switch
        {
            JsonTypeInfoKind.Enumerable => IsPlain(described.ElementType!, above),
            JsonTypeInfoKind.Object => described.PolymorphismOptions is null
                && described.Properties.All(m => !m.IsExtensionData && m.CustomConverter is null && IsPlain(m.PropertyType, above)),
            _ => false,
        };
        above.Remove(type);
        return plain;
    }

    static bool IsCanonical(ReadOnlySpan<byte> json)
    {
        var (inText, digits) = (false, 0);
        foreach (var b in json)
        {
            if (b is (byte)'\\' or < (byte)' ' or > (byte)'~') return false;
            if (b == (byte)'"') inText = !inText;
            digits = !inText && b is >= (byte)'0' and <= (byte)'9' ? digits + 1 : 0;
            if (digits > DigitsMax) return false;
        }

        return true;
    }
}
