using Millrace.AspNetCore.Invalidation;

namespace Millrace.AspNetCore;

/// <summary>
/// Names what a write endpoint makes stale. After the endpoint succeeds (no exception, status below 400) and before
/// its response is sent, the tags are invalidated in the default cache and in the output cache, and the keys are
/// removed from the default cache; so whoever has seen the response reads fresh.
/// </summary>
/// <remarks>
/// On MVC controllers and actions, Razor Page models and their handler methods, minimal API lambdas, and as endpoint metadata
/// anywhere else. Applies to POST, PUT, PATCH and DELETE; other methods do not write. <c>{name}</c> stands for the
/// route value of that name, <c>{{</c> and <c>}}</c> for a brace. A route value that is missing is an error in the log, and a
/// fault at start where the endpoint's own route is known not to have it. Several attributes add up.
/// </remarks>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method, AllowMultiple = true, Inherited = true)]
public sealed class InvalidatesAttribute : Attribute
{
    private Template[]? _tags;
    private Template[]? _keys;

    /// <summary>Tags to invalidate, such as <c>project:{id}</c>. At most 32.</summary>
    public string[] Tags { get; init; } = [];

    /// <summary>Keys to remove from the default cache, such as <c>project:{id}:detail</c>. At most 32.</summary>
    public string[] Keys { get; init; } = [];

    /// <summary>Name of the cache to invalidate instead of the default cache; tags still reach the output cache too. Null: the default cache.</summary>
    public string? Cache { get; init; }

    internal Template[] TagTemplates => _tags ??= Template.ParseAll(Tags, nameof(Tags));

    internal Template[] KeyTemplates => _keys ??= Template.ParseAll(Keys, nameof(Keys));
}
