namespace Township.Modules.Seed;

/// <summary>Names and places the seed draws from. The order is part of the seed: append, never insert.</summary>
internal static class SeedWords
{
    public static readonly string[] FirstNames =
    [
        "Amara", "Ben", "Carys", "Daniel", "Elif", "Farah", "George", "Hana", "Ivan", "Jasmine", "Kofi", "Leila", "Mateo",
        "Nadia", "Oskar", "Priya", "Quentin", "Rosa", "Samir", "Tess", "Uma", "Viktor", "Wanda", "Xavier", "Yara", "Zofia",
        "Adrian", "Bianca", "Callum", "Deepa", "Ewan", "Freya", "Gustav", "Helena", "Idris", "Joanna", "Kamal", "Lotte",
        "Marek", "Nora", "Owen", "Paloma", "Rafael", "Saoirse", "Tomasz", "Ursula", "Valentina", "Wei", "Yusuf", "Zara",
        "Aiden", "Beatrice", "Conor", "Dilara", "Esther", "Felix", "Greta", "Hugo", "Ines", "Jonas", "Keiko", "Lars",
        "Miriam", "Nikhil", "Olive", "Pavel", "Ruth", "Sofia", "Theo", "Anouk", "Bashir", "Clara", "Dmitri", "Eleni",
        "Fatima", "Grace", "Henrik", "Isla", "Jakub", "Katya", "Lucia", "Malik", "Noor", "Otto", "Petra", "Ravi", "Selma",
        "Tariq", "Vera", "Willem", "Aisha", "Bruno", "Celia", "Emre", "Fiona", "Gwen", "Hassan", "Irene", "Julian", "Kira",
        "Liam", "Maya", "Nils", "Oona", "Pietro", "Rhys", "Sunita", "Talia", "Umar", "Vincent", "Yvonne", "Zeke",
    ];

    public static readonly string[] Surnames =
    [
        "Abbott", "Bakker", "Castillo", "Desai", "Eriksen", "Fofana", "Gallagher", "Haddad", "Ibrahim", "Jansen", "Kowalski",
        "Lindqvist", "Mensah", "Novak", "O'Brien", "Petrov", "Quigley", "Rossi", "Santos", "Takahashi", "Underwood",
        "Vasquez", "Whitfield", "Yilmaz", "Zhang", "Ashworth", "Brennan", "Chowdhury", "Dubois", "Ekström", "Ferreira",
        "Grimshaw", "Hoffmann", "Ivanova", "Jovanović", "Kaur", "Lefebvre", "Moreau", "Nakamura", "Okafor", "Patel",
        "Ramirez", "Schneider", "Thornton", "Ueda", "Varga", "Wójcik", "Young", "Zimmermann", "Adeyemi", "Bianchi",
        "Carvalho", "Doyle", "Egan", "Fischer", "Gupta", "Hughes", "Iqbal", "Jensen", "Khan", "Larsen", "MacLeod", "Nguyen",
        "Oliveira", "Price", "Reid", "Singh", "Tanaka", "Virtanen", "Walsh", "Armitage", "Bello", "Costa", "Dhillon",
        "Evans", "Flores", "Georgiou", "Hartley", "Ishida", "Jacobs", "Kelly", "Lopez", "Murphy", "Nair", "Osei", "Park",
        "Rahman", "Sutherland", "Turner", "Vogel", "Ward", "Ali", "Berg", "Cohen", "Delgado", "Edwards", "Farrell",
        "Green", "Hill", "Jones", "Kim", "Lewis", "Morgan", "Nelson", "Owusu", "Pereira", "Rees", "Silva", "Thomas",
    ];

    public static readonly string[] Places =
    [
        "Harbour Lane", "Mill Green", "Oak Street", "Station Road", "Riverside", "Old Market", "Bridge End", "Northfield",
        "Canal Side", "Chapel Hill", "Cherry Orchard", "Eastgate", "Fountain Square", "Gasworks", "Hawthorn Park",
        "Kiln Yard", "Lantern Row", "Meadow View", "Priory Walk", "Quarry Bank", "Rope Walk", "Southfield", "Tanner's Yard",
        "Upper Weir", "Victoria Gardens", "Weavers' Court", "Willow Bank", "Windmill Rise", "Copper Street", "Ferry Point",
    ];

    public static readonly string[] Reasons =
    [
        "Neighbours asked for it at the spring meeting.", "It came first in last year's vote.",
        "The council matches every hour we put in.", "We have the permit and most of the tools.",
        "A small grant covers the materials.", "It has been on our list for three years.",
        "The school is joining in.", "We want it finished before the winter.",
    ];

    public static readonly string[] TaskNotes =
    [
        "Ask at the front desk, they know about it.", "Keep the receipt for the treasurer.",
        "Bring gloves; the shed key is with the caretaker.", "Two people are enough for this.",
        "Take photos before and after.", "Check the weather first.", "Agreed at the last meeting.",
        "The supplier needs a week's notice.", "Wheelchair access has to stay clear.", "Tell the neighbours the day before.",
    ];

    public static readonly string[] GeneralTasks =
    [
        "Write the minutes of the {place} meeting", "Send the newsletter with this month's dates", "Update the risk assessment",
        "Book the hall for the planning evening", "Thank the volunteers from {place}", "Pay the insurance",
        "Collect the keys from the caretaker", "Print posters for {place}", "Ask three suppliers for a price",
        "Apply for the small grant", "Draw up the rota for next month", "Count the collection and bank it",
        "Reply to the letter from {place}", "Take photos for the town website", "Order tea, milk and biscuits",
        "Check the first-aid box", "Move the date with the {place} group", "Find a second person to hold the keys",
    ];
}
