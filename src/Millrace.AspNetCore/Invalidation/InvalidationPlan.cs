using Microsoft.AspNetCore.Http;

namespace Millrace.AspNetCore.Invalidation;

/// <summary>What the current request will make stale if it succeeds; kept in the request's items.</summary>
internal sealed class InvalidationPlan
{
    private static readonly object ItemKey = new();

    private readonly List<InvalidatesAttribute> _fromHandlers = [];

    /// <summary>The response began while the endpoint was still running, so the invalidation that ran then may have been too early.</summary>
    public bool RanBeforeTheEnd { get; set; }

    /// <summary>The pipeline has ended and the invalidation ran: the start of the response need not repeat it.</summary>
    public bool Done { get; set; }

    public IReadOnlyList<InvalidatesAttribute> FromHandlers => _fromHandlers;

    public static InvalidationPlan Start(HttpContext context)
    {
        var plan = new InvalidationPlan();
        context.Items[ItemKey] = plan;
        return plan;
    }

    public static InvalidationPlan? Of(HttpContext context) => context.Items.TryGetValue(ItemKey, out var plan) ? (InvalidationPlan?)plan : null;

    public void Add(InvalidatesAttribute attribute) => _fromHandlers.Add(attribute);
}
