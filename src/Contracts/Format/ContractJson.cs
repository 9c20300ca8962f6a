using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Lineage.Contracts.Format;

/// <summary>The one way contracts are written as JSON, over HTTP, on the bus, in the database and on disk.</summary>
public static class ContractJson
{
    public static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions();
        Configure(options);
        return options;
    }

    public static void Configure(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.CamelCase;
        options.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        options.AllowDuplicateProperties = false;
        options.AllowOutOfOrderMetadataProperties = true;   // a database or a canonical form may move a message's kind from the front
        options.MaxDepth = 32;
        if (options.Converters.OfType<JsonStringEnumConverter>().Any()) return;
        options.Converters.Add(
            new JsonStringEnumConverter<TensorDtype>(namingPolicy: null, allowIntegerValues: false));   // safetensors' own names
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false));
    }
}
