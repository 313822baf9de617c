namespace Township.Modules.Home;

/// <summary>
/// What a module shows on the home page: a partial view, found by its whole path, that injects what it needs. Register it as a
/// singleton; panels stand in the order of <paramref name="Order"/>.
/// </summary>
/// <param name="View">Such as <c>/Modules/Projects/Pages/_HomePanel.cshtml</c>; its root element is a <c>section</c> of class <c>card</c>.</param>
/// <param name="Order">Lower comes first.</param>
/// <param name="ForGuests">Whether guests see it too; then its content is the same for everybody.</param>
internal sealed record HomePanel(string View, int Order, bool ForGuests);
