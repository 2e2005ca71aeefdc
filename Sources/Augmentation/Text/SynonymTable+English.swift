extension SynonymTable {
    /// A small table of common English words, written for this library: groups share the part of speech and the form,
    /// and their words can stand for each other in most plain sentences.
    package static let english: SynonymTable = {
        do {
            return try SynonymTable(parsing: englishGroups)
        } catch {
            preconditionFailure("the table of English synonyms, \(error)")
        }
    }()

    private static let englishGroups = """
        # size, amount, degree
        big, large, sizable
        huge, enormous, gigantic, immense
        small, little, compact
        tiny, minute, minuscule
        long, lengthy, extended
        short, brief, concise
        wide, broad
        narrow, slim
        high, tall, elevated
        deep, profound
        heavy, weighty, hefty
        light, lightweight
        full, filled, packed
        empty, vacant, bare
        many, numerous, countless
        several, various, multiple
        enough, sufficient, adequate
        whole, entire, complete
        main, chief, principal, primary
        minor, lesser, secondary
        extra, additional, further
        total, overall
        maximum, greatest, highest
        minimum, least, lowest
        # quality
        good, fine, decent
        great, excellent, superb, terrific
        bad, poor, lousy
        terrible, awful, dreadful, horrible
        nice, pleasant, lovely
        beautiful, gorgeous, attractive
        ugly, unattractive, unsightly
        pretty, cute
        perfect, flawless, ideal
        important, significant, crucial, essential
        useful, helpful, handy
        useless, pointless, futile
        famous, renowned, celebrated
        popular, well-liked, favored
        favorite, preferred
        special, particular, unique
        strange, odd, peculiar, weird
        normal, ordinary, usual, typical
        common, frequent, widespread
        rare, uncommon, scarce
        new, fresh, recent
        modern, contemporary
        old, aged, elderly
        ancient, antique
        young, youthful
        real, genuine, authentic
        fake, false, phony
        true, accurate, correct
        wrong, incorrect, mistaken
        right, proper
        clear, plain, obvious, evident
        vague, unclear, fuzzy
        easy, simple, effortless
        hard, difficult, tough, challenging
        possible, feasible
        impossible, unfeasible
        likely, probable
        certain, sure, positive
        safe, secure, protected
        dangerous, risky, hazardous
        expensive, costly, pricey
        cheap, inexpensive, affordable
        rich, wealthy, affluent
        free, complimentary
        available, obtainable
        strong, powerful, sturdy
        weak, feeble, frail
        quick, fast, rapid, speedy, swift
        slow, sluggish, unhurried
        early, premature
        late, tardy, overdue
        sudden, abrupt
        constant, continual, steady
        final, last, ultimate
        first, initial
        next, following, subsequent
        previous, prior, earlier
        near, close, nearby
        far, distant, remote
        hot, warm, heated
        cold, chilly, cool
        wet, damp, soaked
        dry, arid, parched
        clean, spotless, tidy
        dirty, filthy, grimy
        bright, brilliant, radiant
        dark, dim, gloomy
        loud, noisy, deafening
        quiet, silent, hushed
        soft, gentle, tender
        rough, coarse, uneven
        smooth, even, sleek
        sharp, keen, pointed
        tasty, delicious, yummy
        sour, tart, acidic
        sweet, sugary
        round, circular
        straight, direct
        broken, damaged, shattered
        different, distinct, diverse
        same, identical, equal
        similar, alike, comparable
        public, communal
        private, personal
        secret, hidden, concealed
        foreign, overseas
        local, regional
        national, nationwide
        international, global, worldwide
        # people and feelings
        happy, glad, cheerful, joyful
        sad, unhappy, sorrowful
        angry, mad, furious
        afraid, scared, frightened
        brave, courageous, fearless
        calm, peaceful, tranquil
        nervous, anxious, uneasy
        worried, concerned, troubled
        excited, thrilled, eager
        bored, uninterested
        tired, weary, exhausted
        sleepy, drowsy
        hungry, starving
        ill, sick, unwell
        healthy, fit, well
        lazy, idle
        busy, occupied, engaged
        clever, smart, intelligent, bright
        stupid, dumb, foolish
        funny, amusing, humorous
        serious, earnest, grave
        kind, caring, considerate
        cruel, brutal, harsh
        polite, courteous, civil
        rude, impolite, disrespectful
        honest, truthful, sincere
        proud, pleased
        shy, timid, bashful
        lonely, isolated
        lucky, fortunate
        surprised, amazed, astonished
        confused, puzzled, baffled
        friend, pal, buddy, companion
        enemy, foe, opponent
        child, kid, youngster
        children, kids, youngsters
        boy, lad
        girl, lass
        man, gentleman, guy
        woman, lady
        men, gentlemen, guys
        women, ladies
        people, folks, persons
        baby, infant, newborn
        mother, mom, mum
        father, dad
        doctor, physician
        teacher, instructor, educator
        student, pupil, learner
        boss, manager, supervisor
        worker, employee, laborer
        leader, head, director
        owner, proprietor
        customer, client, buyer
        neighbor, resident
        crowd, throng, mob
        team, squad, crew
        police, officers
        thief, robber, burglar
        # things and places
        house, home, residence
        apartment, flat
        building, structure
        room, chamber
        road, street, lane
        path, trail, track
        town, village, settlement
        city, metropolis
        country, nation, state
        area, region, zone
        place, location, spot
        shop, store, market
        restaurant, diner, eatery
        hotel, inn, lodge
        hospital, clinic
        office, workplace
        factory, plant, mill
        field, meadow, pasture
        forest, woods, woodland
        hill, mound, slope
        mountain, peak
        river, stream
        sea, ocean
        beach, shore, coast
        stone, rock
        car, automobile, auto
        truck, lorry
        bicycle, bike, cycle
        motorcycle, motorbike
        bus, coach
        plane, airplane, aircraft
        boat, ship, vessel
        ticket, pass
        trip, journey, voyage
        luggage, baggage, suitcases
        bag, sack, pouch
        box, container, crate
        picture, image, photo, photograph
        movie, film
        song, tune, melody
        story, tale, narrative
        book, volume
        newspaper, paper
        letter, note, message
        phone, telephone
        computer, machine
        screen, display, monitor
        tool, instrument, implement
        clothes, clothing, garments
        shirt, blouse, top
        coat, jacket
        hat, cap
        shoes, footwear
        food, meals
        meal, dish
        dinner, supper
        drink, beverage
        money, cash, funds
        price, cost, charge
        bill, invoice
        salary, pay, wage
        job, occupation, profession
        task, chore, duty
        work, labor
        business, company, firm
        meeting, gathering, session
        party, celebration
        game, match, contest
        prize, award, reward
        gift, present
        idea, thought, notion
        plan, scheme, strategy
        problem, issue, trouble
        answer, reply, response
        question, query, inquiry
        reason, cause, motive
        result, outcome, consequence
        goal, aim, objective, target
        chance, opportunity
        mistake, error, blunder
        danger, risk, hazard, threat
        fight, battle, struggle
        accident, crash, collision
        fire, blaze
        storm, tempest
        rain, rainfall
        sound, noise
        smell, odor, scent
        taste, flavor
        color, shade, hue
        shape, form
        part, piece, portion
        group, set, bunch
        list, catalog
        kind, type, sort
        way, method, manner
        rule, regulation
        law, statute
        number, figure
        amount, quantity
        half, fifty percent
        edge, border, rim
        corner, angle
        middle, center
        top, summit
        bottom, base
        end, finish, conclusion
        start, beginning, outset
        morning, dawn
        evening, nightfall
        moment, instant
        period, interval
        war, conflict
        peace, harmony
        health, wellness
        illness, sickness, disease
        pain, ache
        medicine, medication, drug
        # doing
        begin, start, commence
        stop, halt, cease
        finish, complete, conclude
        continue, proceed, carry on
        go, travel, move
        walk, stroll, march
        run, sprint, dash
        jump, leap, hop
        climb, ascend
        fall, drop, tumble
        come, arrive
        leave, depart, exit
        return, come back
        enter, go into
        follow, pursue, chase
        lead, guide
        bring, deliver, carry
        take, grab, seize
        give, hand, offer
        get, obtain, receive, acquire
        keep, retain, hold
        send, dispatch, mail
        put, place, set
        throw, toss, hurl
        catch, capture
        push, shove, press
        pull, drag, tug
        lift, raise, hoist
        open, unlock
        close, shut
        build, construct, assemble
        make, create, produce
        fix, repair, mend
        break, smash, shatter
        destroy, ruin, demolish
        cut, slice, chop
        join, connect, link
        divide, split, separate
        mix, blend, combine
        change, alter, modify
        improve, enhance, better
        increase, raise, boost
        decrease, reduce, lower, lessen
        grow, expand
        shrink, contract
        choose, select, pick
        decide, determine, resolve
        want, desire, wish
        need, require
        like, enjoy, appreciate
        love, adore, cherish
        hate, detest, loathe
        hope, trust
        think, believe, consider
        know, understand, grasp
        learn, study
        teach, instruct, train
        remember, recall, recollect
        forget, overlook
        guess, suppose, assume
        imagine, picture, envision
        see, notice, spot
        look, glance, gaze
        watch, observe, view
        hear, overhear
        listen, pay attention
        say, state, declare
        tell, inform, notify
        ask, inquire
        answer, reply, respond
        talk, speak, chat
        shout, yell, scream
        whisper, murmur
        explain, clarify, describe
        show, display, reveal, present
        hide, conceal, cover
        find, discover, locate
        lose, misplace
        search, seek, hunt
        check, verify, inspect, examine
        test, try out
        try, attempt
        help, assist, aid
        allow, permit, let
        forbid, prohibit, ban
        stay, remain
        wait, linger
        live, reside, dwell
        sleep, rest, doze
        wake, awaken
        eat, consume, devour
        drink, sip, swallow
        cook, prepare
        buy, purchase
        sell, trade
        pay, settle
        save, store
        spend, use up
        earn, make
        win, triumph, prevail
        beat, defeat
        attack, assault
        protect, guard, defend, shield
        hurt, harm, injure
        heal, cure
        kill, slay
        cry, weep, sob
        laugh, giggle, chuckle
        smile, grin
        worry, fret
        complain, grumble, moan
        promise, vow, pledge
        agree, consent
        refuse, decline, reject
        accept, approve
        cancel, call off
        book, reserve
        schedule, arrange, plan
        meet, encounter
        visit, drop by
        call, phone, ring
        write, compose, pen
        read, peruse
        draw, sketch
        play, perform
        sing, chant
        use, employ, utilize
        waste, squander
        happen, occur, take place
        seem, appear
        become, turn into
        contain, include, hold
        measure, gauge
        count, tally
        fill, load
        wash, rinse, scrub
        touch, feel
        shake, tremble, quiver
        shine, glow, gleam
        burn, scorch
        # walking, sitting and other forms in captions
        walking, strolling, marching
        running, jogging, sprinting
        jumping, leaping, hopping
        standing, waiting
        sitting, seated
        looking, gazing, staring
        holding, gripping, clutching
        carrying, hauling, bearing
        talking, chatting, speaking
        eating, munching, dining on
        smiling, grinning
        riding, traveling on
        throwing, tossing, hurling
        pulling, dragging, tugging
        pushing, shoving
        building, constructing, assembling
        wearing, dressed in
        # how, when, how much
        very, extremely, highly, really
        quite, fairly, rather
        almost, nearly, practically
        about, around, roughly
        only, just, merely
        also, too, as well
        maybe, perhaps, possibly
        probably, presumably
        surely, certainly, definitely
        often, frequently, regularly
        sometimes, occasionally
        rarely, seldom
        always, constantly, forever
        soon, shortly, before long
        now, currently, at present
        immediately, instantly, at once
        quickly, rapidly, swiftly
        slowly, gradually
        suddenly, abruptly
        carefully, cautiously
        easily, effortlessly
        finally, eventually, at last
        usually, normally, generally
        mostly, mainly, largely
        completely, entirely, totally, fully
        together, jointly
        again, once more
        however, nevertheless
        therefore, thus, hence
        because, since
        although, though
        """
}
