using Microsoft.AspNetCore.Builder;

namespace Millrace.AspNetCore;

/// <summary>Lets an endpoint name what it makes stale, where an attribute is unhandy.</summary>
public static class InvalidatesEndpointConventionBuilderExtensions
{
    /// <summary>Invalidates tags in the default cache and the output cache after the endpoint succeeded; see <see cref="InvalidatesAttribute"/>.</summary>
    /// <param name="builder">The endpoint, or a group of them.</param>
    /// <param name="tags">Tags such as <c>project:{id}</c>; <c>{id}</c> is the route value. At most 32.</param>
    /// <exception cref="ArgumentException">A template is empty, too long or malformed.</exception>
    public static TBuilder Invalidates<TBuilder>(this TBuilder builder, params string[] tags)
        where TBuilder : IEndpointConventionBuilder => Invalidates(builder, tags, keys: []);

    /// <summary>Invalidates tags and removes keys after the endpoint succeeded; see <see cref="InvalidatesAttribute"/>.</summary>
    /// <param name="builder">The endpoint, or a group of them.</param>
    /// <param name="tags">Tags such as <c>project:{id}</c>. At most 32.</param>
    /// <param name="keys">Keys of the default cache such as <c>project:{id}:detail</c>. At most 32.</param>
    /// <exception cref="ArgumentException">A template is empty, too long or malformed.</exception>
    public static TBuilder Invalidates<TBuilder>(this TBuilder builder, string[] tags, string[] keys)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(tags);
        ArgumentNullException.ThrowIfNull(keys);
        var attribute = new InvalidatesAttribute { Tags = tags, Keys = keys };
        _ = attribute.TagTemplates; // parse now, so that a fault shows where it was written
        _ = attribute.KeyTemplates;
        return builder.WithMetadata(attribute);
    }
}
