using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Lineage.Contracts.Format;

namespace Lineage.Http;

/// <summary>
/// Reads request bodies strictly: a member that cannot be null has to be there. Without this a forgotten member would be a default value,
/// such as a run without a name, that fails somewhere deep.
/// </summary>
static class ContractBinding
{
    public static void Configure(JsonSerializerOptions options)
    {
        ContractJson.Configure(options);
        options.RespectNullableAnnotations = true;
        options.TypeInfoResolver = (options.TypeInfoResolver ?? new DefaultJsonTypeInfoResolver())
            .WithAddedModifier(RequireWhatCannotBeNull);
    }

    static void RequireWhatCannotBeNull(JsonTypeInfo type)
    {
        foreach (var member in type.Properties)
            if (member.AssociatedParameter is { HasDefaultValue: false, IsNullable: false }
                && Nullable.GetUnderlyingType(member.PropertyType) is null)
                member.IsRequired = true;
    }
}
