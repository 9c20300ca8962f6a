using System.Reflection;
using System.Text.Json.Nodes;
using Lineage.Access;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace Lineage.Http;

/// <summary>What the OpenAPI document says beyond the shapes: who may call what, conditions, keys of commands, and problems.</summary>
static class OpenApiDescription
{
    public static void Add(IServiceCollection services) => services.AddOpenApi("v1", static description =>
    {
        description.AddDocumentTransformer(static (document, _, _) =>
        {
            document.Info.Title = "Lineage";
            document.Info.Version = "v1";
            document.Info.Description =
                "Runs, checkpoints, restore points and recoveries. Conventions: docs/API.md; access: docs/SECURITY.md.";
            document.Servers = [];   // the address of whoever asked is no part of the contract
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal);
            document.Components.SecuritySchemes["bearer"] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "An API key (lin_…) or a token of the identity provider. A server without access control asks for neither.",
            };
            DescribeProblem(document);
            return Task.CompletedTask;
        });
        description.AddSchemaTransformer(static (schema, context, _) =>
        {
            Type(schema, Nullable.GetUnderlyingType(context.JsonTypeInfo.Type) ?? context.JsonTypeInfo.Type);
            return Task.CompletedTask;
        });
        description.AddOperationTransformer(static (operation, context, _) =>
        {
            Describe(operation, context.Description.ActionDescriptor.EndpointMetadata, context.Description.HttpMethod ?? "GET",
                context.Document);
            return Task.CompletedTask;
        });
    });

    static void DescribeProblem(OpenApiDocument document)
    {
        if (document.Components!.Schemas?.TryGetValue("Problem", out var schema) is not true || schema is not OpenApiSchema problem) return;
        problem.Description = "RFC 9457: what was refused, got against expected, what state is left, what to do next.";
        if (problem.Properties?.TryGetValue("code", out var code) is not true || code is not OpenApiSchema text) return;
        text.Description = "Stable; for programs.";
        text.Enum = [.. typeof(ProblemCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(static field => (string)field.GetRawConstantValue()!).Order(StringComparer.Ordinal)
            .Select(static value => (JsonNode)JsonValue.Create(value)!)];
    }

    static void Describe(OpenApiOperation operation, IList<object> metadata, string method, OpenApiDocument? document)
    {
        var name = metadata.OfType<Microsoft.AspNetCore.Routing.IEndpointNameMetadata>().LastOrDefault()?.EndpointName ?? "";
        operation.OperationId = name;
        operation.Summary ??= Sentence(name);
        var needed = RoutePermissions.Of(name);
        if (needed != Permission.Anybody)
        {
            operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("bearer", document)] = [] }];
            operation.Extensions ??= new Dictionary<string, IOpenApiExtension>(StringComparer.Ordinal);
            operation.Extensions["x-lineage-permission"] = new JsonNodeExtension(needed.ToString().ToLowerInvariant());
        }

        operation.Responses ??= [];
        operation.Responses.Remove("400");
        operation.Responses["default"] = new OpenApiResponse
        {
            Description = "A refusal or a failure; its code says which.",
            Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
            {
                [ProblemResult.MediaType] = new() { Schema = new OpenApiSchemaReference("Problem", document) },
            },
        };
        if (method is "GET") return;
        operation.Parameters ??= [];
        operation.Parameters.Add(
            Header(IdempotencyMiddleware.Header, "Names the command; a repeat under the same key gets the same answer."));
        operation.Parameters.Add(Header("If-Match", "The change is wanted only at this version (412 version-mismatch otherwise)."));
    }

    /// <summary>Identities are one string or one whole number, whatever they are made of; and numbers are written as numbers.</summary>
    static void Type(OpenApiSchema schema, Type type)
    {
        foreach (var shape in type.GetInterfaces().Where(static i => i.IsGenericType).Select(static i => i.GetGenericTypeDefinition()))
        {
            if (shape == typeof(ITextValue<>)) schema.Type = JsonSchemaType.String;
            if (shape == typeof(INumberValue<>)) (schema.Type, schema.Format) = (JsonSchemaType.Integer, "int64");
        }

        if (type.IsEnum && schema.Enum is { Count: > 0 }) schema.Type ??= JsonSchemaType.String;
        if (schema.Type is not { } kind || !(kind.HasFlag(JsonSchemaType.Integer) || kind.HasFlag(JsonSchemaType.Number))) return;
        schema.Type = kind & ~JsonSchemaType.String;
        schema.Pattern = null;
    }

    static OpenApiParameter Header(string name, string says) => new()
    {
        Name = name,
        In = ParameterLocation.Header,
        Description = says,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
    };

    /// <summary>For example "List pending verifications".</summary>
    static string Sentence(string name) => name.Length == 0 ? "" : char.ToUpperInvariant(name[0]) + name[1..].Replace('-', ' ');
}
